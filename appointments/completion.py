"""What became of a visit: it took place, or the patient did not come."""

from datetime import datetime
from functools import partial

from django.conf import settings

from organisations.actors import SYSTEM, Actor

from .errors import Refused
from .models import Appointment
from .status import OVER, Status
from .transitions import announce, move
from .verbs import in_batches, lock_appointment, verb, wrong_status


@verb
def complete(appointment: Appointment, *, actor: Actor, now: datetime) -> Appointment:
    """Doctor or admin: the visit took place; also corrects a no-show. From its start on.

    Completed already: nothing written. Raises Refused: wrong_status, not_started.
    """
    return _conclude(appointment, Status.COMPLETED, actor=actor, now=now)


@verb
def mark_no_show(appointment: Appointment, *, actor: Actor, now: datetime) -> Appointment:
    """Doctor or admin: the patient did not come; also corrects a completed visit. From its start on.

    Marked already: nothing written. Raises Refused: wrong_status, not_started.
    """
    return _conclude(appointment, Status.NO_SHOW, actor=actor, now=now)


def complete_finished(*, now: datetime, limit: int = 1000) -> int:
    """Complete the visits that ended an hour ago (settings.COMPLETE_AFTER) and nobody spoke about.

    Marked as automatic: time has passed, no more is known. In transactions of up to `limit` rows;
    rows that somebody is working on are left to them. Returns how many there were.
    """
    return in_batches(partial(_complete_batch, now=now, limit=limit), limit=limit)


@verb
def _complete_batch(*, now: datetime, limit: int) -> int:
    finished = list(
        Appointment.objects.filter(
            status=Status.CONFIRMED, ends_at__lte=now - settings.COMPLETE_AFTER
        )
        .for_display()
        .select_for_update(no_key=True, skip_locked=True, of=("self",))
        .order_by("ends_at")[:limit]
    )
    if finished:
        changes = move(
            finished, Status.COMPLETED, actor=SYSTEM, now=now, was_completed_automatically=True
        )
        announce(changes, now=now)
    return len(finished)


def _conclude(
    appointment: Appointment, outcome: Status, *, actor: Actor, now: datetime
) -> Appointment:
    if not actor.is_staff_of_clinic:
        raise ValueError(f"{actor.kind} does not say what became of a visit")
    visit = lock_appointment(appointment)
    if visit.status != Status.CONFIRMED and visit.status not in OVER:
        raise wrong_status(visit, now=now)
    if now < visit.starts_at:
        raise Refused("not_started")
    if visit.status != outcome:
        changes = move([visit], outcome, actor=actor, now=now, was_completed_automatically=False)
        announce(changes, now=now)
    return visit
