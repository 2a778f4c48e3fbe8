"""Booking for a patient in one step, as staff do: the same hold, confirmed at once."""

from datetime import datetime

from organisations.actors import Actor
from organisations.models import Doctor, Patient

from .holds import confirm, hold
from .models import Appointment, AppointmentTransition, AppointmentType
from .status import Status
from .verbs import lock_appointment, lock_patient, verb, wrong_status

# What can be booked once more: it did not take place.
_BOOKABLE_AGAIN = (Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW)


@verb
def book(
    *,
    patient: Patient,
    appointment_type: AppointmentType,
    starts_at: datetime,
    doctor: Doctor | None = None,
    actor: Actor,
    now: datetime,
    tell_patient: bool = True,
    note: str = "",
) -> Appointment:
    """Hold and confirm for the patient, all or nothing. `note` goes into the history.

    Raises what `hold` and `confirm` raise.
    """
    held = hold(
        patient=patient,
        appointment_type=appointment_type,
        starts_at=starts_at,
        doctor=doctor,
        actor=actor,
        now=now,
        note=note,
    )
    return confirm(held, actor=actor, now=now, tell_patient=tell_patient)


@verb
def book_again(
    appointment: Appointment,
    *,
    starts_at: datetime,
    doctor: Doctor | None = None,
    actor: Actor,
    now: datetime,
    tell_patient: bool = True,
) -> Appointment:
    """Book anew what was cancelled, ran out or was missed: same patient and type, same doctor unless named.

    The histories of both visits name each other. Raises Refused: wrong_status, and what `book` raises.
    """
    lock_patient(appointment.patient_id)
    old = lock_appointment(appointment)
    if old.status_at(now) not in _BOOKABLE_AGAIN:
        raise wrong_status(old, now=now)
    again = book(
        patient=old.patient,
        appointment_type=old.appointment_type,
        starts_at=starts_at,
        doctor=doctor or old.doctor,
        actor=actor,
        now=now,
        tell_patient=tell_patient,
        note=f"Books {old.uid} again.",
    )
    AppointmentTransition.objects.create(
        organisation_id=old.organisation_id,
        appointment=old,
        at=now,
        from_status=old.status,
        to_status=old.status,
        actor_kind=actor.kind,
        actor_uid=actor.uid,
        actor_label=actor.label,
        note=f"Booked again as {again.uid}.",
    )
    return again
