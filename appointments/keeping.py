"""Keeping a visit that lies outside its doctor's hours: somebody has decided that it takes place.

The mark stands on the row: a move makes a new row without it, and no edit of the hours clears it.
"""

from datetime import datetime

from organisations import audit
from organisations.actors import Actor

from .coverage import outside_hours
from .models import Appointment
from .status import ACTIVE
from .verbs import lock_appointment, verb, wrong_status


@verb
def keep_outside_hours(appointment: Appointment, *, actor: Actor, now: datetime) -> Appointment:
    """Doctor or admin: the visit stays as it is, and is no longer listed as outside the hours.

    Nothing is written where it is kept already, or lies within the hours by now. Audited.
    Raises Refused: wrong_status (it is neither held nor confirmed any more).
    """
    visit = _locked(appointment, actor)
    if visit.status_at(now) not in ACTIVE:
        raise wrong_status(visit, now=now)
    if visit.kept_outside_hours_at is None and _is_outside(visit, now):
        _mark(visit, at=now, by=actor.label, now=now)
        _record(visit, "kept_outside_hours", actor, now)
    return visit


@verb
def lift_keep(appointment: Appointment, *, actor: Actor, now: datetime) -> Appointment:
    """Doctor or admin: the mark is taken off, so the visit is listed again while it is outside. Audited.

    Not kept: nothing written.
    """
    visit = _locked(appointment, actor)
    if visit.kept_outside_hours_at is not None:
        _mark(visit, at=None, by="", now=now)
        _record(visit, "keep_lifted", actor, now)
    return visit


def _locked(appointment: Appointment, actor: Actor) -> Appointment:
    if not actor.is_staff_of_clinic:
        raise ValueError(f"{actor.kind} does not decide which visits stay")
    return lock_appointment(appointment)


def _is_outside(visit: Appointment, now: datetime) -> bool:
    return visit in outside_hours(visit.doctor, now=now)


def _mark(visit: Appointment, *, at: datetime | None, by: str, now: datetime) -> None:
    visit.kept_outside_hours_at = at
    visit.kept_outside_hours_by = by
    visit.updated_at = now
    visit.save(update_fields=["kept_outside_hours_at", "kept_outside_hours_by", "updated_at"])


def _record(visit: Appointment, what: str, actor: Actor, now: datetime) -> None:
    audit.record(
        visit.organisation, f"appointment.{what}", actor=actor, now=now, object_uid=visit.uid
    )
