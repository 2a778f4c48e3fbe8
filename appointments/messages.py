"""The kinds of message about a visit: whether each is still wanted when it leaves, and its text.

`notifications` sends; it never knows what an appointment is, so the kinds are registered with it.
"""

from collections.abc import Callable
from datetime import datetime

from notifications.kinds import Attachment, Email, Kind, register
from notifications.letters import Letter, in_language_of, to_email
from notifications.models import Delivery
from organisations.models import Doctor

from . import invitations, letters, notices
from .models import Appointment
from .status import Status

AVAILABILITY_CHANGED = "availability.changed"

LetterText = Callable[[Appointment], Letter]

CANCELLED_KINDS = (notices.CANCELLED, notices.HANDED_OVER)
TEXTS: dict[tuple[str, str], LetterText] = {
    (notices.CONFIRMED, notices.PATIENT_GROUP): letters.confirmed_for_patient,
    (notices.CONFIRMED, notices.DOCTOR_GROUP): letters.confirmed_for_doctor,
    (notices.MOVED, notices.PATIENT_GROUP): letters.moved_for_patient,
    (notices.MOVED, notices.DOCTOR_GROUP): letters.moved_for_doctor,
    (notices.CANCELLED, notices.PATIENT_GROUP): letters.cancelled_for_patient,
    (notices.CANCELLED, notices.DOCTOR_GROUP): letters.cancelled_for_doctor,
    (notices.HANDED_OVER, notices.DOCTOR_GROUP): letters.handed_over_for_doctor,
}


def register_kinds() -> None:
    """Called once, when the app is ready."""
    for name in (notices.CONFIRMED, notices.MOVED, *CANCELLED_KINDS):
        register(Kind(name=name, still_wanted=still_wanted, render=render))
    register(
        Kind(
            name=AVAILABILITY_CHANGED,
            still_wanted=_why_doctor_is_out,
            render=_render_availability_changed,
        )
    )


def still_wanted(delivery: Delivery, now: datetime) -> str:
    """Why it should not be sent after all, or nothing, by what the appointment is now (behaviour 26)."""
    appointment = Appointment.objects.for_display().get(uid=delivery.subject_uid)
    if delivery.kind in CANCELLED_KINDS:
        reason = "" if appointment.status == Status.CANCELLED else "not cancelled"
    else:
        reason = why_not_ahead(appointment, now)
    if not reason and delivery.recipient_group == notices.DOCTOR_GROUP:
        reason = _why_doctor_is_out(delivery, now)
    return reason


def why_not_ahead(appointment: Appointment, now: datetime) -> str:
    """What became of a visit that is no longer confirmed and ahead, or nothing."""
    if appointment.status == Status.CANCELLED and hasattr(appointment, "rebooked_to"):
        return "moved"
    if appointment.status != Status.CONFIRMED:
        return "no longer confirmed"
    return "begun" if appointment.starts_at <= now else ""


def render(delivery: Delivery, now: datetime) -> Email:
    """The mail in the reader's language; the patient's carries the invitation or its withdrawal."""
    appointment = Appointment.objects.for_display().get(uid=delivery.subject_uid)
    text = TEXTS[delivery.kind, delivery.recipient_group]
    if delivery.recipient_group != notices.PATIENT_GROUP:
        return to_email(text(appointment))
    with in_language_of(appointment.patient.language):
        return to_email(text(appointment), attachments=(_calendar_entry(appointment, now),))


def _calendar_entry(appointment: Appointment, now: datetime) -> Attachment:
    return Attachment(
        filename="appointment.ics",
        content=invitations.invitation(appointment, now=now),
        mimetype=f"text/calendar; method={invitations.method_of(appointment)}",
    )


def _why_doctor_is_out(delivery: Delivery, now: datetime) -> str:
    """A deactivated user receives nothing (behaviour 12), nor does who has declined it since."""
    doctor = Doctor.objects.select_related("user").get(uid=delivery.recipient_uid)
    return notices.why_doctor_is_out(doctor, delivery.kind)


def _render_availability_changed(delivery: Delivery, now: datetime) -> Email:
    """`context` holds `change` (in words) and `by` (the actor's label)."""
    doctor = Doctor.objects.select_related("organisation").get(uid=delivery.recipient_uid)
    return to_email(
        letters.availability_changed(
            doctor,
            change=str(delivery.context.get("change", "")),
            changed_by=str(delivery.context.get("by", "")),
        )
    )
