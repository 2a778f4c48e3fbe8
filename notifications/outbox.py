"""The outbox: events and the deliveries they cause, written in the business transaction.

Whatever the number of events and messages, `publish` runs four statements (subscriptions, numbers, two
COPYs): ten thousand reminders are written at the speed of the table.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import NamedTuple

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


class Receiver(NamedTuple):
    """What a delivery needs of its subscription."""

    id: int
    organisation_id: int
    notification_type: str
    shop_id: int | None
    payload_version: str
    include_contact: bool
    include_holds: bool

    def receives(self, event: NewEvent) -> bool:
        """Whether an event of this shop is told here; organisation and type are the query's part."""
        is_our_shop = self.shop_id is None or self.shop_id == event.shop_id
        return is_our_shop and (self.include_holds or not event.is_hold_event)


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


def _owed_webhooks(events: Sequence[NewEvent]) -> list[tuple[NewEvent, Receiver]]:
    if not events:
        return []
    types = sorted({event.event_type.value for event in events})
    organisations = sorted({event.organisation_id for event in events})
    with transaction.get_connection().cursor() as cursor:
        cursor.execute(_receiving(), [types, organisations])
        receiving = sorted(map(Receiver._make, cursor.fetchall()))
    by_receiver: dict[tuple[int, str], list[Receiver]] = {}
    for each in receiving:
        by_receiver.setdefault((each.organisation_id, each.notification_type), []).append(each)
    return [
        (event, receiver)
        for event in events
        for receiver in by_receiver.get((event.organisation_id, event.event_type), ())
        if receiver.receives(event)
    ]


@cache
def _receiving() -> str:
    """The statement that asks for the receivers of types in organisations, as Django writes it.

    Every change of an appointment asks. Writing it takes Django longer than PostgreSQL takes to answer.
    """
    rows = NotificationSubscription.objects.receiving().filter(notification_type__any=[])
    rows = rows.filter(organisation__pk__any=[])
    statement: str = rows.values_list(*Receiver._fields).query.sql_with_params()[0]
    return statement


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
    subscription: NotificationSubscription | Receiver,
    now: datetime,
) -> rows.DeliveryRow:
    return rows.DeliveryRow(
        id=pk,
        uid=new_uid("dlv"),
        organisation_id=event.organisation_id,
        event_id=event_id,
        subscription_id=subscription.id,
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
