"""Who is told of a booking, a move or a cancellation, besides reminders (behaviour 30).

The verbs publish these messages in their own transaction; the portals show the same list before
somebody acts. The texts are in `messages`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.models import Channel
from notifications.outbox import NewMessage
from organisations.actors import Actor
from organisations.models import Doctor, DoctorNotice

from .models import Appointment

CONFIRMED = "appointment.confirmed"
MOVED = "appointment.moved"
CANCELLED = "appointment.cancelled"
HANDED_OVER = "appointment.handed_over"

PATIENT_GROUP = "patient"
DOCTOR_GROUP = "doctor"

# Booked further ahead, a doctor reads it in the portal; closer, it may change today's plans.
DOCTOR_IS_TOLD_WITHIN = timedelta(hours=48)


# Handed over to a colleague, a visit is cancelled as far as its old doctor is concerned.
_NOTICE_OF = {
    CONFIRMED: DoctorNotice.BOOKED,
    MOVED: DoctorNotice.MOVED,
    CANCELLED: DoctorNotice.CANCELLED,
    HANDED_OVER: DoctorNotice.CANCELLED,
}


def why_doctor_is_out(doctor: Doctor, kind: str) -> str:
    """Why a message of this kind is not for the doctor, or nothing. `doctor` comes with the user."""
    if doctor.user is not None and not doctor.user.is_active:
        return "the user is deactivated"
    notice = _NOTICE_OF.get(kind)
    return "" if notice is None or doctor.wants(notice) else "switched off by the doctor"


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person who gets one e-mail. `skip_reason` says why it will not leave after all."""

    kind: str
    group: str
    uid: str
    name: str
    address: str
    skip_reason: str = ""


def who_will_be_told_of_confirmation(
    appointment: Appointment, *, actor: Actor, now: datetime, tell_patient: bool = True
) -> list[Recipient]:
    """The patient; the doctor when the visit starts within 48 hours.

    `appointment` may be unsaved, for the page that is about to book it.
    """
    told = _patient(appointment, CONFIRMED, tell_patient=tell_patient)
    if appointment.starts_at - now <= DOCTOR_IS_TOLD_WITHIN:
        told += _doctor(appointment.doctor, CONFIRMED, actor=actor)
    return told


def who_will_be_told_of_move(
    appointment: Appointment, *, new_doctor: Doctor, actor: Actor, tell_patient: bool = True
) -> list[Recipient]:
    """The patient, the doctor of the new time, and the old doctor where another takes over."""
    told = _patient(appointment, MOVED, tell_patient=tell_patient)
    told += _doctor(new_doctor, MOVED, actor=actor)
    if new_doctor != appointment.doctor:
        told += _doctor(appointment.doctor, HANDED_OVER, actor=actor)
    return told


def who_will_be_told_of_cancellation(
    appointment: Appointment, *, actor: Actor, tell_patient: bool = True
) -> list[Recipient]:
    """The patient and the doctor; nobody when it was never confirmed."""
    if appointment.confirmed_at is None:
        return []
    told = _patient(appointment, CANCELLED, tell_patient=tell_patient)
    return told + _doctor(appointment.doctor, CANCELLED, actor=actor)


def confirmed(
    appointment: Appointment, *, actor: Actor, now: datetime, tell_patient: bool = True
) -> list[NewMessage]:
    """The messages of a confirmation, to be published in the verb's transaction."""
    told = who_will_be_told_of_confirmation(
        appointment, actor=actor, now=now, tell_patient=tell_patient
    )
    return _messages(told, about=appointment)


def moved(
    old: Appointment, new: Appointment, *, actor: Actor, now: datetime, tell_patient: bool = True
) -> list[NewMessage]:
    """The messages of a rebook: they are about the new visit, only the old doctor's about the old."""
    told = who_will_be_told_of_move(
        old, new_doctor=new.doctor, actor=actor, tell_patient=tell_patient
    )
    handed_over = [recipient for recipient in told if recipient.kind == HANDED_OVER]
    others = [recipient for recipient in told if recipient.kind != HANDED_OVER]
    return [*_messages(others, about=new), *_messages(handed_over, about=old)]


def cancelled(
    appointment: Appointment, *, actor: Actor, now: datetime, tell_patient: bool = True
) -> list[NewMessage]:
    """The messages of a cancellation; none for a hold, which nobody had been told of."""
    told = who_will_be_told_of_cancellation(appointment, actor=actor, tell_patient=tell_patient)
    return _messages(told, about=appointment)


def _patient(appointment: Appointment, kind: str, *, tell_patient: bool) -> list[Recipient]:
    """The patient, unless told by nobody or by the partner.

    "Never to the one who acted" is about news to people who were there. For the patient the mail is
    not news but the document: the links, and the invitation their calendar keeps. A patient who
    books, moves or cancels therefore gets it, too; without it their calendar would show the old time.
    """
    if not tell_patient or appointment.shop.partner_tells_patients:
        return []
    patient = appointment.patient
    return [
        Recipient(
            kind=kind,
            group=PATIENT_GROUP,
            uid=patient.uid,
            name=patient.display_name,
            address=patient.email,
            skip_reason="" if patient.email else "no e-mail address",
        )
    ]


def _doctor(doctor: Doctor, kind: str, *, actor: Actor) -> list[Recipient]:
    user = doctor.user
    if user is not None and user.uid == actor.uid:
        return []
    address = doctor.email or (user.email if user else "")
    return [
        Recipient(
            kind=kind,
            group=DOCTOR_GROUP,
            uid=doctor.uid,
            name=doctor.display_name,
            address=address,
            skip_reason=why_doctor_is_out(doctor, kind) or ("" if address else "no e-mail address"),
        )
    ]


def _messages(recipients: Iterable[Recipient], *, about: Appointment) -> list[NewMessage]:
    return [
        NewMessage(
            organisation_id=about.organisation_id,
            channel=Channel.EMAIL,
            kind=recipient.kind,
            subject_uid=about.uid,
            about_uid=about.uid,
            recipient_group=recipient.group,
            recipient_uid=recipient.uid,
            address=recipient.address,
            skip_reason=recipient.skip_reason,
        )
        for recipient in recipients
    ]
