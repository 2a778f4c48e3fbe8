"""What the mails about a visit say. To patients: nothing medical; to doctors: no patient's name.

Every text is looked up in the active language; the caller activates the reader's.
"""

from urllib.parse import urljoin

from django.conf import settings
from django.utils.translation import gettext, ngettext

from common.local_time import in_words
from notifications.letters import Action, Fact, Letter
from organisations.models import Doctor, Shop
from organisations.zones import zone_of_patient

from . import links
from .models import Appointment


def confirmed_for_patient(appointment: Appointment) -> Letter:
    return Letter(
        subject=gettext("Your appointment is confirmed"),
        heading=gettext("Your appointment is confirmed"),
        sender=appointment.shop.name,
        paragraphs=(how_to_join(),),
        facts=facts_for_patient(appointment),
        actions=actions_for_patient(appointment),
        footer=footer_of_shop(appointment.shop),
    )


def moved_for_patient(appointment: Appointment) -> Letter:
    moved_from = _moved_from(appointment, zone_of_patient(appointment.patient))
    return Letter(
        subject=gettext("Your appointment has been moved"),
        heading=gettext("Your appointment has been moved"),
        sender=appointment.shop.name,
        paragraphs=(how_to_join(),),
        facts=facts_for_patient(appointment) + moved_from,
        actions=actions_for_patient(appointment),
        footer=footer_of_shop(appointment.shop),
    )


def cancelled_for_patient(appointment: Appointment) -> Letter:
    """With the message somebody wrote to the patient; the staff's reason stays inside."""
    message = appointment.cancellation_message
    return Letter(
        subject=gettext("Your appointment has been cancelled"),
        heading=gettext("Your appointment has been cancelled"),
        sender=appointment.shop.name,
        paragraphs=(gettext("The consultation below will not take place."),),
        facts=facts_for_patient(appointment),
        message=gettext("A message to you: %(message)s") % {"message": message} if message else "",
        actions=(Action(gettext("View your appointment"), links.manage_url(appointment)),),
        footer=footer_of_shop(appointment.shop),
    )


def confirmed_for_doctor(appointment: Appointment) -> Letter:
    return _for_doctor(appointment, gettext("A new appointment has been booked"))


def moved_for_doctor(appointment: Appointment) -> Letter:
    previous = appointment.previous
    if previous is None or previous.doctor_id == appointment.doctor_id:
        heading = gettext("An appointment has been moved")
    else:
        heading = gettext("An appointment has been moved to you")
    moved_from = _moved_from(appointment, appointment.doctor.timezone)
    return _for_doctor(appointment, heading, more_facts=moved_from)


def cancelled_for_doctor(appointment: Appointment) -> Letter:
    return _for_doctor(appointment, gettext("An appointment has been cancelled"))


def handed_over_for_doctor(appointment: Appointment) -> Letter:
    """To the doctor a move took the visit from."""
    return _for_doctor(
        appointment,
        gettext("An appointment with you has been cancelled"),
        paragraph=gettext("It was moved to another doctor. The time below is free again."),
    )


def availability_changed(doctor: Doctor, *, change: str, changed_by: str) -> Letter:
    """Somebody other than the doctor edited their hours, or stopped their bookings."""
    facts = (
        Fact(gettext("Doctor"), doctor.display_name),
        Fact(gettext("Change"), change),
        Fact(gettext("By"), changed_by),
    )
    page = urljoin(settings.BASE_URL, "/doctor/availability/")
    return Letter(
        subject=gettext("Your availability has been changed"),
        heading=gettext("Your availability has been changed"),
        sender=doctor.organisation.name,
        paragraphs=(gettext("Appointments that are already booked stay as they are."),),
        facts=tuple(fact for fact in facts if fact.value),
        actions=(Action(gettext("Open your availability"), page),),
        footer=footer_of_clinic(doctor.organisation.support_contact),
    )


def facts_for_patient(appointment: Appointment) -> tuple[Fact, ...]:
    return (
        Fact(gettext("When"), when(appointment, zone_of_patient(appointment.patient))),
        Fact(gettext("Length"), length(appointment)),
        Fact(gettext("With"), appointment.doctor.display_name),
    )


def facts_for_clinic(appointment: Appointment, zone_name: str) -> tuple[Fact, ...]:
    """For doctors and admins: when, type, doctor; who comes is in the portal, behind the login."""
    return (
        Fact(gettext("When"), when(appointment, zone_name)),
        Fact(gettext("Type"), appointment.appointment_type.name),
        Fact(gettext("Doctor"), appointment.doctor.display_name),
    )


def actions_for_patient(appointment: Appointment) -> tuple[Action, ...]:
    return (
        Action(gettext("Join the consultation"), links.join_url(appointment)),
        Action(gettext("View your appointment"), links.manage_url(appointment)),
    )


def how_to_join() -> str:
    minutes = int(settings.JOIN_OPENS_BEFORE.total_seconds() // 60)
    return ngettext(
        "It is a video consultation. You can join from %(minutes)d minute before the start.",
        "It is a video consultation. You can join from %(minutes)d minutes before the start.",
        minutes,
    ) % {"minutes": minutes}


def when(appointment: Appointment, zone_name: str) -> str:
    return in_words(appointment.starts_at, zone_name)


def length(appointment: Appointment) -> str:
    return minutes_in_words(
        int((appointment.ends_at - appointment.starts_at).total_seconds() // 60)
    )


def minutes_in_words(minutes: int) -> str:
    return ngettext("%(minutes)d minute", "%(minutes)d minutes", minutes) % {"minutes": minutes}


def footer_of_shop(shop: Shop) -> tuple[str, ...]:
    """Whom a patient asks; the shop's name stands above it as the sender."""
    contact = " · ".join(part for part in (shop.contact_email, shop.contact_phone) if part)
    questions = gettext("Questions? %(contact)s") % {"contact": contact}
    return (questions,) if contact else ()


def footer_of_clinic(support_contact: str) -> tuple[str, ...]:
    sent_by = gettext("Sent by RxScale Scheduling.")
    support = gettext("Support: %(contact)s") % {"contact": support_contact}
    return (sent_by, support) if support_contact else (sent_by,)


def _for_doctor(
    appointment: Appointment, heading: str, paragraph: str = "", more_facts: tuple[Fact, ...] = ()
) -> Letter:
    page = links.portal_url(appointment, "doctor")
    return Letter(
        subject=heading,
        heading=heading,
        sender=appointment.organisation.name,
        paragraphs=(paragraph,) if paragraph else (),
        facts=facts_for_clinic(appointment, appointment.doctor.timezone) + more_facts,
        actions=(Action(gettext("Open the appointment"), page),),
        footer=footer_of_clinic(appointment.organisation.support_contact),
    )


def _moved_from(appointment: Appointment, zone_name: str) -> tuple[Fact, ...]:
    """The earlier time; nothing for a visit that follows none."""
    if appointment.previous is None:
        return ()
    return (Fact(gettext("Moved from"), when(appointment.previous, zone_name)),)
