"""The reminder log of one appointment: per rule and recipient what is planned and what became of it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import models

from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Channel, Delivery, DeliveryState
from organisations.models import User

from .models import AppointmentReminderSent, Outcome, RecipientGroup, ReminderRule
from .recipients import Admins, admins_of, resolve
from .verdict import due_at, judge


class State(models.TextChoices):
    """`sending`: on its way to the provider; `unknown`: an SMS the provider has not answered for."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    SKIPPED = "skipped"
    MISSED = "missed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Message:
    """The e-mail or SMS of a fired reminder. `at`: when it was settled, None before."""

    channel: Channel
    state: State
    reason: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule for one recipient. `at`: when it was dealt with; None while it is planned.

    A fired reminder without a message (both toggles off) is `sent`: its event was published.
    """

    rule_uid: str
    recipient_group: RecipientGroup
    recipient_uid: str
    recipient_name: str
    minutes_before: int
    due_at: datetime
    state: State
    reason: str = ""
    at: datetime | None = None
    messages: tuple[Message, ...] = ()


# What a person should see first when the messages of one reminder fared differently.
_MOST_TELLING = (
    State.FAILED,
    State.BOUNCED,
    State.UNKNOWN,
    State.SENDING,
    State.SENT,
    State.DELIVERED,
    State.SKIPPED,
)
_OF_DELIVERY = {
    DeliveryState.PENDING: State.SENDING,
    DeliveryState.SENT: State.SENT,
    DeliveryState.DELIVERED: State.DELIVERED,
    DeliveryState.BOUNCED: State.BOUNCED,
    DeliveryState.SKIPPED: State.SKIPPED,
    DeliveryState.FAILED: State.FAILED,
    DeliveryState.UNKNOWN: State.UNKNOWN,
}
_OF_OUTCOME = {
    Outcome.SKIPPED: State.SKIPPED,
    Outcome.MISSED: State.MISSED,
    Outcome.FAILED: State.FAILED,
}


def reminder_log(appointment: Appointment, now: datetime) -> list[Entry]:
    """Every reminder of the visit, past and planned, by instant. Five queries at most.

    `appointment` should come with its people (`for_display`).
    """
    rows = list(appointment.reminders_sent.select_related("rule"))
    rules = list(
        ReminderRule.objects.of(appointment.organisation)
        .living()
        .filter(appointment_type=appointment.appointment_type_id)
    )
    admins = admins_of(
        [appointment.organisation_id]
        if any(rule.recipient_group == RecipientGroup.ADMIN for rule in rules)
        else []
    )
    outdated = {row.pk for row in rows if _gives_way(row, appointment, now)}
    entries = _dealt_with([row for row in rows if row.pk not in outdated], appointment)
    if appointment.status == Status.CONFIRMED:
        settled = {row.rule_id for row in rows if row.pk not in outdated}
        open_rules = [rule for rule in rules if rule.pk not in settled]
        entries += _planned(open_rules, appointment, admins, now)
    return sorted(entries, key=lambda entry: (entry.due_at, entry.rule_uid, entry.recipient_uid))


def _gives_way(row: AppointmentReminderSent, appointment: Appointment, now: datetime) -> bool:
    """The rule was edited since this row was written, and has yet to come due anew."""
    changed_at = row.rule.offset_changed_at
    return (
        row.outcome != Outcome.FIRED
        and appointment.status == Status.CONFIRMED
        and now < appointment.starts_at
        and row.rule.deleted_at is None
        and changed_at is not None
        and row.created_at <= changed_at
    )


def _dealt_with(rows: Sequence[AppointmentReminderSent], appointment: Appointment) -> list[Entry]:
    messages = _messages([row.uid for row in rows if row.outcome == Outcome.FIRED], appointment)
    names = _names(rows, appointment)
    return [_entry(row, messages.get(row.uid, ()), names) for row in rows]


def _entry(
    row: AppointmentReminderSent, messages: tuple[Message, ...], names: dict[str, str]
) -> Entry:
    state, reason = _OF_OUTCOME.get(Outcome(row.outcome), State.SENT), row.reason
    if messages:
        telling = min(messages, key=lambda message: _MOST_TELLING.index(message.state))
        state, reason = telling.state, telling.reason
    return Entry(
        rule_uid=row.rule.uid,
        recipient_group=RecipientGroup(row.recipient_group),
        recipient_uid=row.recipient_uid,
        recipient_name=names.get(row.recipient_uid, ""),
        minutes_before=row.minutes_before,
        due_at=row.due_at,
        state=state,
        reason=reason,
        at=row.created_at,
        messages=messages,
    )


def _messages(sent_uids: Sequence[str], appointment: Appointment) -> dict[str, tuple[Message, ...]]:
    if not sent_uids:
        return {}
    deliveries = (
        Delivery.objects.of(appointment.organisation)
        .filter(about_uid=appointment.uid, subject_uid__in=sent_uids)
        .exclude(channel=Channel.WEBHOOK)
        .order_by("pk")
    )
    found: dict[str, tuple[Message, ...]] = {}
    for delivery in deliveries:
        message = Message(
            channel=Channel(delivery.channel),
            state=_OF_DELIVERY[DeliveryState(delivery.state)],
            reason=delivery.reason,
            at=delivery.settled_at,
        )
        found[delivery.subject_uid] = (*found.get(delivery.subject_uid, ()), message)
    return found


def _names(rows: Iterable[AppointmentReminderSent], appointment: Appointment) -> dict[str, str]:
    names = {
        appointment.patient.uid: appointment.patient.display_name,
        appointment.doctor.uid: appointment.doctor.display_name,
    }
    admins = [row.recipient_uid for row in rows if row.recipient_group == RecipientGroup.ADMIN]
    if admins:
        names |= {user.uid: str(user) for user in User.objects.filter(uid__in=admins)}
    return names


def _planned(
    rules: Iterable[ReminderRule], appointment: Appointment, admins: Admins, now: datetime
) -> list[Entry]:
    """What a living rule will do; one whose instant has passed, with the manager's next run."""
    entries = []
    for rule in rules:
        verdict = judge(
            starts_at=appointment.starts_at,
            confirmed_at=appointment.confirmed_at or now,
            minutes_before=rule.minutes_before,
            rule_created_at=rule.created_at,
            offset_changed_at=rule.offset_changed_at,
            now=now,
        )
        state = _OF_OUTCOME.get(verdict.outcome, State.PLANNED)
        entries += [
            Entry(
                rule_uid=rule.uid,
                recipient_group=recipient.group,
                recipient_uid=recipient.uid,
                recipient_name=recipient.name,
                minutes_before=rule.minutes_before,
                due_at=due_at(appointment.starts_at, rule.minutes_before),
                state=state,
                reason=verdict.reason,
            )
            for recipient in resolve(appointment, rule.recipient_group, admins)
        ]
    return entries
