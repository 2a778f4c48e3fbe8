"""The reminder as e-mail and text message (behaviour 29): whether it is still wanted, and its text."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from appointments import letters, links
from appointments.messages import why_not_ahead
from appointments.models import Appointment
from common.local_time import in_short
from notifications.kinds import Email, Kind, Sms, register
from notifications.letters import Action, Letter, in_language_of, to_email
from notifications.models import Channel, Delivery
from organisations.models import Doctor, User
from organisations.zones import zone_of_patient, zone_of_user

from .models import AppointmentReminderSent, RecipientGroup
from .recipients import DEACTIVATED, OPTED_OUT, Recipient, of_doctor, of_patient
from .text_messages import Line, fitted

APPOINTMENT_REMINDER = "appointment.reminder"


@dataclass(frozen=True, slots=True)
class Reader:
    """What a text needs to know of whom it reaches."""

    language: str
    zone_name: str


def register_kinds() -> None:
    """Called once, when the app is ready."""
    register(Kind(name=APPOINTMENT_REMINDER, still_wanted=still_wanted, render=render))


def still_wanted(delivery: Delivery, now: datetime) -> str:
    """Why it should not be sent after all, or nothing: the visit and the recipient as they are now."""
    sent = _sent(delivery)
    reason = why_not_ahead(sent.appointment, now)
    return reason or _why_recipient_is_out(sent, Channel(delivery.channel))


def render(delivery: Delivery, now: datetime) -> Email | Sms:
    """In the language and the zone of the recipient."""
    sent = _sent(delivery)
    reader = _reader(sent)
    with in_language_of(reader.language):
        if delivery.channel == Channel.SMS:
            return Sms(text=text_message(sent, reader))
        return to_email(letter(sent, reader))


def _sent(delivery: Delivery) -> AppointmentReminderSent:
    appointment = Appointment.objects.for_display()
    sent = AppointmentReminderSent.objects.get(uid=delivery.subject_uid)
    sent.appointment = appointment.get(pk=sent.appointment_id)
    return sent


def _why_recipient_is_out(sent: AppointmentReminderSent, channel: Channel) -> str:
    """Deactivated, or opted out of this channel, since it was written."""
    if sent.recipient_group == RecipientGroup.ADMIN:
        return "" if User.objects.get(uid=sent.recipient_uid).is_active else DEACTIVATED
    recipient = _as_now(sent)
    has_opted_out = (
        recipient.has_opted_out_of_sms
        if channel == Channel.SMS
        else recipient.has_opted_out_of_email
    )
    return recipient.unreachable_because or (OPTED_OUT if has_opted_out else "")


def _as_now(sent: AppointmentReminderSent) -> Recipient:
    if sent.recipient_group == RecipientGroup.PATIENT:
        return of_patient(sent.appointment.patient)
    return of_doctor(Doctor.objects.select_related("user").get(uid=sent.recipient_uid))


def _reader(sent: AppointmentReminderSent) -> Reader:
    appointment = sent.appointment
    if sent.recipient_group == RecipientGroup.PATIENT:
        patient = appointment.patient
        return Reader(language=patient.language, zone_name=zone_of_patient(patient))
    if sent.recipient_group == RecipientGroup.DOCTOR:
        return Reader(language="", zone_name=appointment.doctor.timezone)
    user = User.objects.get(uid=sent.recipient_uid)
    return Reader(language="", zone_name=zone_of_user(user, appointment.organisation))


def letter(sent: AppointmentReminderSent, reader: Reader) -> Letter:
    """The e-mail, in the active language. Runs no query when the appointment was loaded for display."""
    appointment = sent.appointment
    if sent.recipient_group != RecipientGroup.PATIENT:
        return _letter_for_clinic(sent, reader)
    return Letter(
        subject=gettext("Reminder of your appointment"),
        heading=gettext("Your appointment is coming up"),
        sender=appointment.shop.name,
        paragraphs=(letters.how_to_join(),),
        facts=letters.facts_for_patient(appointment),
        actions=(
            *letters.actions_for_patient(appointment),
            Action(gettext("Change or stop reminders"), links.reminders_url(appointment)),
        ),
        footer=letters.footer_of_shop(appointment.shop),
    )


def _letter_for_clinic(sent: AppointmentReminderSent, reader: Reader) -> Letter:
    appointment = sent.appointment
    page = links.portal_url(appointment, sent.recipient_group)
    return Letter(
        subject=gettext("Reminder of an appointment"),
        heading=gettext("An appointment is coming up"),
        sender=appointment.organisation.name,
        facts=letters.facts_for_clinic(appointment, reader.zone_name),
        actions=(Action(gettext("Open the appointment"), page),),
        footer=letters.footer_of_clinic(appointment.organisation.support_contact),
    )


def text_message(sent: AppointmentReminderSent, reader: Reader) -> str:
    """The text message likewise."""
    if sent.recipient_group == RecipientGroup.PATIENT:
        return fitted(_lines_for_patient(sent.appointment, reader))
    return fitted(_lines_for_clinic(sent, reader))


def _lines_for_patient(appointment: Appointment, reader: Reader) -> list[Line]:
    shop = appointment.shop
    contact = shop.contact_phone or shop.contact_email
    change = gettext("Change: %(url)s") % {"url": links.manage_url(appointment)}
    return [
        Line(gettext("%(shop)s: your appointment") % {"shop": shop.name}, rank=1),
        Line(in_short(appointment.starts_at, reader.zone_name)),
        Line(appointment.doctor.display_name, rank=2),
        Line(gettext("Join: %(url)s") % {"url": links.join_url(appointment)}),
        Line(change, rank=3),
        Line(gettext("Questions: %(contact)s") % {"contact": contact} if contact else "", rank=4),
    ]


def _lines_for_clinic(sent: AppointmentReminderSent, reader: Reader) -> list[Line]:
    appointment = sent.appointment
    return [
        Line(in_short(appointment.starts_at, reader.zone_name)),
        Line(appointment.appointment_type.name, rank=1),
        Line(appointment.doctor.display_name, rank=2),
        Line(links.portal_url(appointment, sent.recipient_group)),
    ]
