"""The one door to an appointment's status: swap, history and event, together or not at all.

Nobody else assigns `.status`. A verb locks the rows, calls `move` or `begin`, and publishes what
comes of it with `announce`, all in its transaction.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Value
from django.db.models.functions import Greatest

from common.clock import to_epoch
from common.sql import insert_all
from notifications import outbox
from notifications.outbox import NewMessage
from organisations.actors import Actor

from . import events
from .models import Appointment, AppointmentTransition
from .status import MOVES, Status

# The history's note of a silent act.
PATIENT_NOT_TOLD = "The patient was not told."


@dataclass(frozen=True, slots=True)
class Change:
    """A change of status that stands in the row and the history, but has not been told yet."""

    appointment: Appointment
    previous_status: Status | None


class IllegalMove(Exception):
    """A verb's bug, never an answer: the table has no such move, or the row was not locked."""


def begin(
    appointment: Appointment, *, actor: Actor, now: datetime, reason: str = "", note: str = ""
) -> Change:
    """Write the history of a row that has just been inserted in its first status."""
    change = Change(appointment, None)
    _write_history([change], actor=actor, now=now, reason=reason, note=note)
    return change


def move(
    appointments: Sequence[Appointment],
    to: Status,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
    note: str = "",
    **columns: object,
) -> list[Change]:
    """Move rows of one status, locked by this transaction, and set `columns` with it.

    A compare-and-swap on the old status in one statement; the instances follow. Raises
    IllegalMove when the table forbids it or a row was not what the caller had read.
    """
    old = Status(appointments[0].status)
    if to not in MOVES[old]:
        raise IllegalMove(f"{old} → {to}")
    epoch = to_epoch(now)
    columns |= {
        "status": to,
        "status_changed_by": actor.kind,
        "status_changed_at": now,
        "updated_at": now,
    }
    swapped = Appointment.objects.filter(pk__in=[a.pk for a in appointments], status=old).update(
        last_event_timestamp=Greatest(Value(epoch), F("last_event_timestamp") + 1), **columns
    )
    if swapped != len(appointments):
        raise IllegalMove(f"{swapped} of {len(appointments)} rows were still {old}")
    for appointment in appointments:
        appointment.last_event_timestamp = max(epoch, appointment.last_event_timestamp + 1)
        for column, value in columns.items():
            setattr(appointment, column, value)
    changes = [Change(appointment, old) for appointment in appointments]
    _write_history(changes, actor=actor, now=now, reason=reason, note=note)
    return changes


def announce(
    changes: Iterable[Change], *, now: datetime, messages: Sequence[NewMessage] = ()
) -> None:
    """Hand the changes' events, and whom else to tell, to the outbox of this transaction."""
    told = [
        events.meeting_updated(change.appointment, previous_status=change.previous_status, now=now)
        for change in changes
    ]
    outbox.publish(now=now, events=told, messages=messages)


def _write_history(
    changes: Iterable[Change], *, actor: Actor, now: datetime, reason: str, note: str
) -> None:
    rows = [
        AppointmentTransition(
            organisation_id=change.appointment.organisation_id,
            appointment=change.appointment,
            at=now,
            from_status=change.previous_status or "",
            to_status=change.appointment.status,
            actor_kind=actor.kind,
            actor_uid=actor.uid,
            actor_label=actor.label,
            reason=reason,
            note=note,
        )
        for change in changes
    ]
    insert_all(rows)
