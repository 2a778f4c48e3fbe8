"""Putting a new appointment into a doctor's time, so that PostgreSQL decides who was first."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Q

from common.clock import to_epoch
from common.sql import insert_or_nothing
from organisations.actors import SYSTEM, Actor
from organisations.models import Doctor, Patient

from .errors import Refused
from .models import Appointment, AppointmentType
from .slots import Judgement
from .status import ACTIVE, Status
from .transitions import announce, move


def stamped(
    *,
    patient: Patient,
    appointment_type: AppointmentType,
    starts_at: datetime,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """A new visit under the type's rules as they are now: without a doctor or a status, not saved."""
    kind = appointment_type
    ends_at = starts_at + timedelta(minutes=kind.duration_minutes)
    appointment = Appointment(
        organisation=patient.organisation,
        shop=patient.shop,
        patient=patient,
        appointment_type=kind,
        starts_at=starts_at,
        ends_at=ends_at,
        blocked_from=starts_at - timedelta(minutes=kind.buffer_before_minutes),
        blocked_until=ends_at + timedelta(minutes=kind.buffer_after_minutes),
        buffer_before_minutes=kind.buffer_before_minutes,
        buffer_after_minutes=kind.buffer_after_minutes,
        cancellation_notice_minutes=kind.cancellation_notice_minutes,
        rebooking_notice_minutes=kind.rebooking_notice_minutes,
        rebooking_mode=kind.rebooking_mode,
        status_changed_by=actor.kind,
        status_changed_at=now,
        last_event_timestamp=to_epoch(now),
        created_at=now,
        updated_at=now,
    )
    # A new visit has no successor; said here, nobody has to ask the database.
    Appointment._meta.get_field("rebooked_to").set_cached_value(appointment, None)
    return appointment


def bookable_doctors(judgement: Judgement) -> Sequence[Doctor]:
    """Whom to try, or Refused: `slot_taken` when offered but busy, `slot_unavailable` when not offered."""
    if judgement.free:
        return judgement.free
    if judgement.busy:
        raise Refused("slot_taken")
    raise Refused("slot_unavailable", reason=judgement.reason)


def place(appointment: Appointment, doctors: Iterable[Doctor], *, now: datetime) -> None:
    """Insert the visit with the first of `doctors` whose time is still free, else Refused `slot_taken`.

    ON CONFLICT DO NOTHING, for a plain INSERT against the exclusion constraint deadlocks in a race.
    """
    for doctor in doctors:
        appointment.doctor = doctor
        if insert_or_nothing(appointment) or _insert_over_stale_holds(appointment, now=now):
            return
    raise Refused("slot_taken")


def _insert_over_stale_holds(appointment: Appointment, *, now: datetime) -> bool:
    """Expire the holds that have run out in the way, which the constraint cannot see, and try once more.

    In a savepoint: who fails must not keep those rows locked while waiting for the next doctor's.
    """
    with transaction.atomic():
        stale = _stale_holds_in_the_way(appointment, now=now)
        changes = move(stale, Status.EXPIRED, actor=SYSTEM, now=now) if stale else []
        if insert_or_nothing(appointment):
            announce(changes, now=now)
            return True
        transaction.set_rollback(True)
    return False


def _stale_holds_in_the_way(appointment: Appointment, *, now: datetime) -> list[Appointment]:
    """Locked, in one order; none when a living visit is in the way as well."""
    in_the_way = Appointment.objects.filter(
        doctor=appointment.doctor,
        status__in=ACTIVE,
        blocked_from__lt=appointment.blocked_until,
        blocked_until__gt=appointment.blocked_from,
    )
    is_stale = Q(status=Status.HELD, hold_expires_at__lte=now)
    return list(
        in_the_way.filter(is_stale)
        .exclude(Exists(in_the_way.exclude(is_stale)))
        .for_display()
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
