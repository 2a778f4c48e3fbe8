"""Stopping a doctor's new bookings, and letting them go on."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from availability.errors import Invalid
from availability.models import BookingStop
from organisations.actors import Actor
from organisations.models import Doctor

from .rows import record, take_turn

_LONGEST_REASON = 500


@transaction.atomic
def stop_bookings(
    doctor: Doctor, *, reason: str, actor: Actor, now: datetime, until: datetime | None = None
) -> BookingStop:
    """No start of this doctor is offered or held until `until`, or until lifted. Visits stay.

    Takes the place of a stop in force. Raises Invalid without a reason, or for an `until` that is over.
    """
    reason = reason.strip()
    if not reason or len(reason) > _LONGEST_REASON:
        raise Invalid("reason", f"Give a reason of at most {_LONGEST_REASON} characters.")
    if until is not None and until <= now:
        raise Invalid("until", "Choose a time that is still to come.")
    doctor = take_turn(doctor.pk)
    BookingStop.objects.filter(doctor=doctor, lifted_at=None).update(lifted_at=now)
    stop = BookingStop.objects.create(
        organisation_id=doctor.organisation_id,
        doctor=doctor,
        reason=reason,
        until=until,
        created_by=actor.label,
        created_at=now,
    )
    until_words = until.isoformat() if until else "until lifted"
    record(doctor, "bookings.stopped", actor=actor, now=now, until=until_words)
    return stop


@transaction.atomic
def lift_stop(doctor: Doctor, *, actor: Actor, now: datetime) -> bool:
    """Let bookings go on; whether a stop was in force. Without one nothing is written."""
    doctor = take_turn(doctor.pk)
    in_force = BookingStop.objects.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)
    was_stopped = in_force.filter(doctor=doctor).update(lifted_at=now) > 0
    if was_stopped:
        record(doctor, "bookings.stop_lifted", actor=actor, now=now)
    return was_stopped
