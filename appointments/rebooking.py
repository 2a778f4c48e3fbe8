"""Moving a confirmed visit to another time: the old one is cancelled, a new one follows it."""

from datetime import datetime

from organisations.actors import Actor
from organisations.models import Doctor

from . import notices, slots
from .choosing import in_fair_order
from .errors import Refused
from .events import REBOOKED
from .models import Appointment, RebookingMode
from .placing import bookable_doctors, place, stamped
from .status import Status
from .transitions import PATIENT_NOT_TOLD, Change, announce, begin, move
from .verbs import lock_appointment, lock_organisation, lock_patient, verb, wrong_status


@verb
def rebook(
    appointment: Appointment,
    *,
    starts_at: datetime,
    doctor: Doctor | None = None,
    tell_patient: bool = True,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Move a confirmed visit to `starts_at`; returns the new visit, confirmed, that follows it.

    Everybody is bound by the rules stamped on the old visit: its mode and its rebooking notice. The
    new one is stamped from the type as it is now. Without `doctor` an any_doctor visit stays with
    its doctor if free, else goes to whom a hold would choose. Patient and doctors are told. When
    the new time fails the old visit is untouched. Raises Refused: wrong_status,
    rebooking_notice_passed, rebooking_mode_violated, patient_already_booked, slot_taken,
    slot_unavailable.
    """
    lock_patient(appointment.patient_id)
    lock_organisation(appointment.organisation_id)
    old = lock_appointment(appointment)
    _refuse(old, doctor=doctor, now=now)
    owner, kind = old.patient, old.appointment_type
    owner.shop, owner.organisation = old.shop, old.organisation
    new = stamped(patient=owner, appointment_type=kind, starts_at=starts_at, actor=actor, now=now)
    _refuse_clash(new, leaving_out=old)
    doctors = _candidates(old, starts_at=starts_at, doctor=doctor, now=now)
    _follow(new, old, now=now)
    note = "" if tell_patient else PATIENT_NOT_TOLD
    # The old row first: the new one would meet its time.
    changes = _cancel_as_rebooked(old, actor=actor, now=now, note=note)
    place(new, doctors, now=now)
    old.rebooked_to = new
    changes.append(begin(new, actor=actor, now=now, reason=REBOOKED, note=note))
    messages = notices.moved(old, new, actor=actor, now=now, tell_patient=tell_patient)
    announce(changes, now=now, messages=messages)
    return new


def _refuse(old: Appointment, *, doctor: Doctor | None, now: datetime) -> None:
    if old.status != Status.CONFIRMED:
        raise wrong_status(old, now=now)
    if now > old.rebookable_until:
        raise Refused("rebooking_notice_passed")
    keeps_doctor = old.rebooking_mode == RebookingMode.SAME_DOCTOR
    if keeps_doctor and doctor is not None and doctor != old.doctor:
        raise Refused("rebooking_mode_violated")


def _refuse_clash(new: Appointment, *, leaving_out: Appointment) -> None:
    """The patient's other confirmed visits at the new time."""
    clashes = Appointment.objects.filter(
        patient=new.patient,
        status=Status.CONFIRMED,
        starts_at__lt=new.ends_at,
        ends_at__gt=new.starts_at,
    )
    if clashes.exclude(pk=leaving_out.pk).exists():
        raise Refused("patient_already_booked")


def _candidates(
    old: Appointment, *, starts_at: datetime, doctor: Doctor | None, now: datetime
) -> list[Doctor]:
    """Whom to try, in order; Refused when the predicate or the identical start says no."""
    keeps_doctor = old.rebooking_mode == RebookingMode.SAME_DOCTOR
    judgement = slots.judge(
        old.appointment_type,
        starts_at=starts_at,
        now=now,
        doctor=old.doctor if keeps_doctor else doctor,
        leaving_out=old,
    )
    if judgement.free or judgement.busy:
        stays = doctor is None or doctor == old.doctor
        if starts_at == old.starts_at and stays:
            raise Refused("slot_unavailable", reason="unchanged")
    free = bookable_doctors(judgement)
    others = in_fair_order(
        [each for each in free if each != old.doctor], starts_at=starts_at, now=now
    )
    return [old.doctor, *others] if old.doctor in free else others


def _follow(new: Appointment, old: Appointment, *, now: datetime) -> None:
    new.status = Status.CONFIRMED
    new.confirmed_at = now
    new.previous = old
    new.client_reference = old.client_reference
    # One calendar entry along the chain: same UID, the next SEQUENCE.
    new.invitation_sequence = old.invitation_sequence + 1


def _cancel_as_rebooked(
    old: Appointment, *, actor: Actor, now: datetime, note: str
) -> list[Change]:
    return move(
        [old],
        Status.CANCELLED,
        actor=actor,
        now=now,
        reason=REBOOKED,
        note=note,
        cancelled_at=now,
        cancelled_by=actor.kind,
        cancellation_reason=REBOOKED,
        invitation_sequence=old.invitation_sequence + 1,
    )
