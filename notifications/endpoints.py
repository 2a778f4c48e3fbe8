"""The health of webhook endpoints: since when one fails, who is told, when it is disabled."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from common.clock import epoch_or_none
from organisations import audit
from organisations.actors import SYSTEM
from organisations.models import Membership, Role

from . import outbox
from .models import Channel, Delivery, DeliveryState, NotificationSubscription
from .outcomes import Next, Outcome

TELL_AFTER = timedelta(hours=1)
DISABLE_AFTER = timedelta(days=5)
_SEEN_RECENTLY = timedelta(seconds=10)  # a busy endpoint's row is not written at every delivery

FAILING = "endpoint.failing"
RECOVERED = "endpoint.recovered"
DISABLED = "endpoint.disabled"

SKIPPED_WHILE_DISABLED = "the subscription is disabled"
SKIPPED_AS_DELETED = "the subscription was deleted"


def why_not(subscription: NotificationSubscription, *, is_test: bool) -> str:
    """Why this is not sent to the endpoint now; "" when it is. A disabled endpoint may be tested."""
    if subscription.deleted_at:
        return SKIPPED_AS_DELETED
    return SKIPPED_WHILE_DISABLED if subscription.disabled_at and not is_test else ""


def note(delivery: Delivery, outcome: Outcome, now: datetime) -> None:
    """Keep the endpoint's health after an attempt, in the transaction that records it.

    A test that fails says nothing about real traffic; one that succeeds shows that the endpoint works.
    """
    endpoint = NotificationSubscription.objects.filter(deliveries=delivery)
    if outcome.next is Next.DELIVERED:
        _note_success(endpoint, now)
    elif outcome.is_gone:
        subscription = endpoint.select_related("organisation").get()
        disable(subscription, "The endpoint answered 410 Gone.", now)
    elif not delivery.is_test:
        endpoint.filter(failing_since=None).update(failing_since=now)


def watch(now: datetime) -> None:
    """Tell of endpoints that have failed for an hour, disable those that have for five days.

    Called every minute; each is told and disabled once, however many call it at a time.
    """
    overdue = (
        NotificationSubscription.objects.receiving()
        .filter(failing_since__lte=now - TELL_AFTER)
        .filter(Q(failure_told_at=None) | Q(failing_since__lte=now - DISABLE_AFTER))
    )
    for subscription in overdue.select_related("organisation"):
        with transaction.atomic():
            _act_on(subscription, now)


def _act_on(subscription: NotificationSubscription, now: datetime) -> None:
    since = subscription.failing_since
    if since and since <= now - DISABLE_AFTER:
        disable(subscription, "The endpoint has failed for five days.", now)
        return
    untold = NotificationSubscription.objects.receiving().filter(
        pk=subscription.pk, failing_since=since, failure_told_at=None
    )
    if untold.update(failure_told_at=now):
        _tell(subscription, FAILING, now)


def disable(subscription: NotificationSubscription, reason: str, now: datetime) -> None:
    """Send nothing more to it, once; what waited counts as missed, admins are told.

    Runs in the caller's transaction.
    """
    living = NotificationSubscription.objects.receiving().filter(pk=subscription.pk)
    if not living.update(disabled_at=now, disabled_reason=reason):
        return
    subscription.disabled_at, subscription.disabled_reason = now, reason
    set_aside(subscription, SKIPPED_WHILE_DISABLED, now)
    audit.record(
        subscription.organisation,
        "notification_subscription.disabled",
        actor=SYSTEM,
        now=now,
        object_uid=subscription.uid,
        details={"reason": reason},
    )
    _tell(subscription, DISABLED, now)


def set_aside(subscription: NotificationSubscription, reason: str, now: datetime) -> None:
    """Settle what waits for the endpoint and is in no worker's hands; workers ask `why_not` themselves."""
    idle = Delivery.objects.filter(
        subscription=subscription, state=DeliveryState.PENDING, leased_until=None
    )
    locked = idle.order_by("pk").select_for_update(skip_locked=True, no_key=True)
    Delivery.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(
        state=DeliveryState.SKIPPED, reason=reason, next_attempt_at=None, settled_at=now
    )


def _note_success(endpoint: QuerySet[NotificationSubscription], now: datetime) -> None:
    subscription = endpoint.select_related("organisation").get()
    last = subscription.last_delivered_at
    if last is None or last < now - _SEEN_RECENTLY:
        endpoint.update(last_delivered_at=now)
    if subscription.failing_since is None or subscription.disabled_at:
        return
    failing = endpoint.filter(disabled_at=None)
    if failing.filter(failure_told_at__isnull=False).update(
        failing_since=None, failure_told_at=None
    ):
        _tell(subscription, RECOVERED, now)
    else:
        failing.update(failing_since=None)


def _tell(subscription: NotificationSubscription, kind: str, now: datetime) -> None:
    """Mail the organisation's active admins and the address on the subscription, each once."""
    admins = Membership.objects.of(subscription.organisation).filter(
        role=Role.ADMIN, user__is_active=True
    )
    readers = {
        member.user.email: ("admin", member.user.uid) for member in admins.select_related("user")
    }
    if subscription.contact_email:
        readers.setdefault(subscription.contact_email.lower(), ("contact", ""))
    outbox.publish(
        now=now,
        messages=[
            outbox.NewMessage(
                organisation_id=subscription.organisation_id,
                channel=Channel.EMAIL,
                kind=kind,
                subject_uid=subscription.uid,
                about_uid="",
                recipient_group=group,
                recipient_uid=uid,
                address=address,
                context={
                    "failing_since": epoch_or_none(subscription.failing_since),
                    "reason": subscription.disabled_reason,
                },
            )
            for address, (group, uid) in readers.items()
        ],
    )
