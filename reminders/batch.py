"""One transaction of the minute's reminders: read what is named, write the rows, publish what they say.

A constant number of statements, whatever the number of reminders.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments import events
from appointments.models import Appointment
from notifications import outbox
from notifications.outbox import NewEvent, NewMessage

from . import payload, sent_rows, visits
from .due import Due
from .models import Outcome, RecipientGroup, ReminderRule
from .recipients import Admins, Recipient, admins_of, resolve
from .sent_rows import Row


@dataclass(frozen=True, slots=True)
class Reminder:
    """A due reminder to one recipient, and the row that is to be written for it."""

    due: Due
    rule: ReminderRule
    appointment: Appointment
    recipient: Recipient
    row: Row


def deal_with(due: Sequence[Due], *, now: datetime) -> Counter[str]:
    """Fire, skip or miss what is due, inside the caller's transaction; returns how many of each.

    What is no longer so (called off, rule edited or removed since it was found, dealt with by another
    manager) is left alone. The visits stay locked until the commit: nobody calls one off in between.
    """
    reminders = list(_reminders(due))
    written = sent_rows.write([reminder.row for reminder in reminders], now=now)
    ours = [reminder for reminder in reminders if reminder.row.uid in written]
    fired = [(reminder, event_id) for reminder in ours if (event_id := written[reminder.row.uid])]
    _tell(fired, now=now)
    return Counter(str(reminder.row.outcome) for reminder in ours)


def _reminders(due: Sequence[Due]) -> Iterator[Reminder]:
    rules = ReminderRule.objects.living().in_bulk({one.rule_id for one in due})
    confirmed = visits.locked_while_confirmed({one.appointment_id for one in due})
    admins = admins_of(
        rule.organisation_id
        for rule in rules.values()
        if rule.recipient_group == RecipientGroup.ADMIN
    )
    for one in due:
        rule, appointment = rules.get(one.rule_id), confirmed.get(one.appointment_id)
        if rule and appointment and rule.minutes_before == one.minutes_before:
            yield from _to_each_recipient(one, rule, appointment, admins)


def _to_each_recipient(
    due: Due, rule: ReminderRule, appointment: Appointment, admins: Admins
) -> Iterator[Reminder]:
    for recipient in resolve(appointment, rule.recipient_group, admins):
        outcome, reason = due.verdict.outcome, due.verdict.reason
        if due.is_firing and recipient.unreachable_because:
            outcome, reason = Outcome.SKIPPED, recipient.unreachable_because
        row = Row(
            appointment_id=appointment.pk,
            rule_id=rule.pk,
            recipient_uid=recipient.uid,
            organisation_id=appointment.organisation_id,
            recipient_group=rule.recipient_group,
            minutes_before=due.minutes_before,
            due_at=due.due_at,
            outcome=outcome,
            reason=reason,
        )
        yield Reminder(due, rule, appointment, recipient, row)


def _tell(fired: Sequence[tuple[Reminder, int]], *, now: datetime) -> None:
    """Publish one event per recipient, under the number its row names, and the messages the rules order."""
    representations: dict[int, dict[str, object]] = {}
    for reminder, _ in fired:
        appointment = reminder.appointment
        if appointment.pk not in representations:
            representations[appointment.pk] = events.representation(
                appointment, now=now, shows_staff_reason=False
            )
    new_events: list[NewEvent] = []
    new_messages: list[NewMessage] = []
    for reminder, event_id in fired:
        event = payload.event(
            event_id=event_id,
            sent_uid=reminder.row.uid,
            rule=reminder.rule,
            due_at=reminder.due.due_at,
            recipient=reminder.recipient,
            appointment=reminder.appointment,
            representation=representations[reminder.appointment.pk],
            now=now,
        )
        new_events.append(event)
        new_messages += payload.messages(
            event=event, rule=reminder.rule, recipient=reminder.recipient
        )
    outbox.publish(now=now, events=new_events, messages=new_messages)
