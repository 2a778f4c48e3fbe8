"""Sending again: what a disabled endpoint missed, one delivery by hand, a test event."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from common.clock import to_epoch
from organisations import audit
from organisations.actors import Actor

from . import outbox, samples, wake
from .errors import Refused
from .models import Delivery, DeliveryState, Event, EventType, NotificationSubscription
from .subscription_rows import locked, record

_LOST = (DeliveryState.FAILED, DeliveryState.SKIPPED)
_REACHED = (DeliveryState.DELIVERED, DeliveryState.PENDING)
_RETRIES_LAST = timedelta(days=5)  # an event older than that was lost before the endpoint failed


def missed_count(subscription: NotificationSubscription) -> int:
    """How many events `enable` with `send_missed` would send; 0 while the subscription is enabled."""
    return _missed(subscription).count() if subscription.disabled_at else 0


def enable(
    subscription: NotificationSubscription, *, send_missed: bool, actor: Actor, now: datetime
) -> int:
    """Send to it again, and what it missed if asked to; returns how many missed events will be sent.

    An enabled one is left as it is. Raises Refused when it was deleted.
    """
    with transaction.atomic():
        row = locked(subscription)
        if row.disabled_at is None:
            return 0
        missed = list(_missed(row).order_by("pk")) if send_missed else []
        outbox.owe(missed, row, now=now)
        NotificationSubscription.objects.filter(pk=row.pk).update(
            disabled_at=None, disabled_reason="", failing_since=None, failure_told_at=None
        )
        record(row, "enabled", actor, now, sends_missed=len(missed))
    subscription.refresh_from_db()
    return len(missed)


def resend(delivery: Delivery, *, actor: Actor, now: datetime) -> Delivery:
    """Send the delivery once more, by hand: a settled one as a new row, a waiting one at once.

    A webhook keeps its `webhook-id` and its bytes; an e-mail becomes a new mail. Raises Refused when the
    subscription no longer receives, or what was said has been removed for its age.
    """
    if delivery.subscription and (
        delivery.subscription.deleted_at or delivery.subscription.disabled_at
    ):
        raise Refused("The subscription is disabled or deleted: enable it first.")
    if delivery.emptied_at:
        raise Refused("What was said then has been removed: it is too old to be sent again.")
    with transaction.atomic():
        waiting = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.PENDING)
        if waiting.update(next_attempt_at=now):
            again = delivery
            again.refresh_from_db()
        else:
            again = _copy(delivery, now)
            again.save()
        audit.record(
            delivery.organisation,
            "delivery.resent",
            actor=actor,
            now=now,
            object_uid=delivery.uid,
            details={"new_delivery": again.uid},
        )
        transaction.on_commit(partial(wake.deliveries, [again.pk]))
    return again


def send_test(subscription: NotificationSubscription, *, actor: Actor, now: datetime) -> Delivery:
    """Send a made-up event of the subscription's type (`data.test` true) through the same engine.

    Also to a disabled subscription, to see whether it works again. Raises Refused when it was deleted.
    """
    event_type = EventType(subscription.notification_type)
    with transaction.atomic():
        row = locked(subscription)
        subject_uid, data = samples.made_up(event_type, now)
        event = Event.objects.create(
            organisation=row.organisation,
            shop=row.shop,
            event_type=event_type,
            timestamp=to_epoch(now),
            subject_uid=subject_uid,
            data=data,
            contact_paths=list(samples.CONTACT_PATHS[event_type]),
            created_at=now,
        )
        [pk] = outbox.owe([event], row, now=now, is_test=True)
        record(row, "tested", actor, now)
    return Delivery.objects.get(pk=pk)


def _missed(subscription: NotificationSubscription) -> QuerySet[Event]:
    """What this disabled subscription should have had: lost while it failed, or not even owed since."""
    disabled_at = subscription.disabled_at
    if disabled_at is None:
        return Event.objects.none()
    since = min(subscription.failing_since or disabled_at, disabled_at)
    ours = Delivery.objects.filter(event=OuterRef("pk"), subscription=subscription)
    lost = ours.filter(state__in=_LOST, settled_at__gte=since, is_test=False)
    tests = Delivery.objects.filter(event=OuterRef("pk"), is_test=True)
    events = Event.objects.of(subscription.organisation).filter(
        event_type=subscription.notification_type,
        created_at__gte=since - _RETRIES_LAST,
        emptied_at=None,
    )
    if subscription.shop_id:
        events = events.filter(shop=subscription.shop_id)
    if not subscription.include_holds:
        events = events.filter(is_hold_event=False)
    return (
        events.filter(Q(created_at__gte=disabled_at) & ~Exists(ours) | Exists(lost))
        .exclude(Exists(ours.filter(state__in=_REACHED)))
        .exclude(Exists(tests))
    )


def _copy(delivery: Delivery, now: datetime) -> Delivery:
    return Delivery(
        organisation_id=delivery.organisation_id,
        event_id=delivery.event_id,
        subscription_id=delivery.subscription_id,
        channel=delivery.channel,
        kind=delivery.kind,
        subject_uid=delivery.subject_uid,
        about_uid=delivery.about_uid,
        recipient_group=delivery.recipient_group,
        recipient_uid=delivery.recipient_uid,
        address=delivery.address,
        context={**delivery.context, "resent_from": delivery.uid},
        body=delivery.body,
        is_test=delivery.is_test,
        next_attempt_at=now,
        created_at=now,
    )
