"""The outbox: events and the deliveries they cause, written in the business transaction.

Whatever the number of events and messages, `publish` runs four statements (subscriptions, numbers, two
COPYs): ten thousand reminders are written at the speed of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction

from common.uids import new_uid

from . import bodies, rows, wake
from .models import Channel, DeliveryState, Event, EventType, NotificationSubscription
from .rows import NEXT_EVENT_ID as NEXT_EVENT_ID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened. `data` is the whole wire object; `contact_paths` its dotted private keys.

    (subject_uid, timestamp, event_type) is unique: the caller raises `timestamp` under its row lock.
    A caller whose own row names the event first takes its `id` by NEXT_EVENT_ID; others are numbered here.
    """

    organisation_id: int
    shop_id: int | None
    event_type: EventType
    subject_uid: str
    about_uid: str
    timestamp: int
    data: dict[str, object]
    contact_paths: tuple[str, ...] = ()
    is_hold_event: bool = False
    uid: str = field(default_factory=partial(new_uid, "evt"))
    id: int | None = None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """An e-mail or SMS to send. With `skip_reason` it is recorded as skipped and never leaves.

    `event_uid` names an event of the same `publish`. `kind` is a registered `kinds.Kind`. `is_test`: somebody
    of the clinic sends it to themselves, about nobody.
    """

    organisation_id: int
    channel: Channel
    kind: str
    subject_uid: str
    about_uid: str
    recipient_group: str = ""
    recipient_uid: str = ""
    address: str = ""
    context: dict[str, object] = field(default_factory=dict)
    event_uid: str = ""
    skip_reason: str = ""
    is_test: bool = False


def publish(
    *, now: datetime, events: Sequence[NewEvent] = (), messages: Sequence[NewMessage] = ()
) -> dict[str, int]:
    """Record events and what is to be sent because of them; returns event uid → Event id.

    Runs inside the caller's transaction. A webhook is owed to every subscription that receives the event;
    its body is made here once, for all attempts. After the commit the delivery task is woken; should the
    broker be away, the maintenance pass finds the rows.

    Raises TransactionManagementError outside a transaction, IntegrityError when an event's triple exists.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("publish belongs into the change it tells of")
    owed = _owed_webhooks(events)
    unnumbered = sum(event.id is None for event in events)
    event_ids, delivery_ids = rows.reserve_ids(unnumbered, len(owed) + len(messages))
    fresh = iter(event_ids)
    ids = {event.uid: next(fresh) if event.id is None else event.id for event in events}
    if events:
        rows.insert_events(_event_row(event, ids[event.uid], now) for event in events)
    numbers = iter(delivery_ids)
    due = [
        _webhook_row(next(numbers), event, ids[event.uid], subscription, now)
        for event, subscription in owed
    ]
    due += [_message_row(next(numbers), message, ids, now) for message in messages]
    if due:
        rows.insert_deliveries(due)
        pending = [row.id for row in due if row.state == DeliveryState.PENDING]
        transaction.on_commit(partial(wake.deliveries, pending))
    return ids


def owe(
    events: Sequence[Event],
    subscription: NotificationSubscription,
    *,
    now: datetime,
    is_test: bool = False,
) -> list[int]:
    """Create the deliveries of stored events to one subscription: a test, or what it missed.

    Runs inside the caller's transaction; returns the deliveries' row numbers.
    """
    _, ids = rows.reserve_ids(0, len(events))
    if events:
        rows.insert_deliveries(
            _webhook_row(pk, event, event.pk, subscription, now)._replace(is_test=is_test)
            for pk, event in zip(ids, events, strict=True)
        )
        transaction.on_commit(partial(wake.deliveries, ids))
    return ids


def _owed_webhooks(
    events: Sequence[NewEvent],
) -> list[tuple[NewEvent, NotificationSubscription]]:
    if not events:
        return []
    receiving = NotificationSubscription.objects.receiving().filter(
        organisation__in={event.organisation_id for event in events},
        notification_type__in={event.event_type for event in events},
    )
    by_receiver: dict[tuple[int, str], list[NotificationSubscription]] = {}
    for subscription in receiving.order_by("pk"):
        key = (subscription.organisation_id, subscription.notification_type)
        by_receiver.setdefault(key, []).append(subscription)
    return [
        (event, subscription)
        for event in events
        for subscription in by_receiver.get((event.organisation_id, event.event_type), ())
        if subscription.receives(shop_id=event.shop_id, is_hold_event=event.is_hold_event)
    ]


def _event_row(event: NewEvent, pk: int, now: datetime) -> rows.EventRow:
    return rows.EventRow(
        id=pk,
        uid=event.uid,
        organisation_id=event.organisation_id,
        shop_id=event.shop_id,
        event_type=event.event_type.value,
        timestamp=event.timestamp,
        subject_uid=event.subject_uid,
        about_uid=event.about_uid,
        is_hold_event=event.is_hold_event,
        data=bodies.dumps(event.data),
        contact_paths=bodies.dumps(event.contact_paths),
        created_at=now,
    )


def _webhook_row(
    pk: int,
    event: NewEvent | Event,
    event_id: int,
    subscription: NotificationSubscription,
    now: datetime,
) -> rows.DeliveryRow:
    return rows.DeliveryRow(
        id=pk,
        uid=new_uid("dlv"),
        organisation_id=event.organisation_id,
        event_id=event_id,
        subscription_id=subscription.pk,
        channel=Channel.WEBHOOK.value,
        kind=event.event_type.lower(),
        subject_uid=event.subject_uid,
        about_uid=event.about_uid,
        recipient_group="",
        recipient_uid="",
        address="",
        context="{}",
        body=bodies.of(event, subscription),
        state=DeliveryState.PENDING.value,
        reason="",
        next_attempt_at=now,
        created_at=now,
        settled_at=None,
    )


def _message_row(
    pk: int, message: NewMessage, ids: dict[str, int], now: datetime
) -> rows.DeliveryRow:
    is_skipped = bool(message.skip_reason)
    state = DeliveryState.SKIPPED if is_skipped else DeliveryState.PENDING
    return rows.DeliveryRow(
        id=pk,
        uid=new_uid("dlv"),
        organisation_id=message.organisation_id,
        event_id=ids[message.event_uid] if message.event_uid else None,
        subscription_id=None,
        channel=message.channel.value,
        kind=message.kind,
        subject_uid=message.subject_uid,
        about_uid=message.about_uid,
        recipient_group=message.recipient_group,
        recipient_uid=message.recipient_uid,
        address=message.address,
        context=bodies.dumps(message.context),
        body="",
        state=state.value,
        reason=message.skip_reason,
        next_attempt_at=None if is_skipped else now,
        created_at=now,
        settled_at=now if is_skipped else None,
        is_test=message.is_test,
    )
