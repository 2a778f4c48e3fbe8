"""A reminder with made-up data: shown before a rule is saved, and sent to whoever wants to see it arrive.

The visit is built in memory and never stored. Clinic, type, shop and doctor are the real ones where
there are any; patient, time and links are made up.
"""

from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils.translation import gettext

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from common.clock import zone
from notifications.kinds import Email, Kind, Sms, register
from notifications.letters import Letter, in_language_of, to_email
from notifications.models import Channel, Delivery
from notifications.outbox import NewMessage, publish
from organisations import audit
from organisations.actors import Actor
from organisations.models import Doctor, Patient, Shop, User
from organisations.zones import zone_of_user

from .errors import Invalid
from .messages import Reader, letter, text_message
from .models import AppointmentReminderSent, RecipientGroup

REMINDER_TEST = "appointment.reminder_test"


@dataclass(frozen=True, slots=True)
class Sample:
    """One made-up reminder of an appointment type to a member of `group`."""

    sent: AppointmentReminderSent
    reader: Reader

    def email(self, *, is_test: bool = False) -> Email:
        with in_language_of(self.reader.language):
            text = letter(self.sent, self.reader)
            return to_email(_marked(text) if is_test else text)

    def sms(self, *, is_test: bool = False) -> Sms:
        with in_language_of(self.reader.language):
            text = text_message(self.sent, self.reader)
            return Sms(f"{gettext('Test')}: {text}" if is_test else text)


def register_kind() -> None:
    """Called once, when the app is ready."""
    register(Kind(name=REMINDER_TEST, still_wanted=_why_user_is_out, render=_render))


def sample_of(
    appointment_type: AppointmentType, *, group: str, user: User, now: datetime
) -> Sample:
    """What the patient, the doctor or `user` as an admin would read. Two queries; stores nothing."""
    visit = _visit(appointment_type, now)
    zones = {
        RecipientGroup.PATIENT.value: appointment_type.organisation.timezone,
        RecipientGroup.DOCTOR.value: visit.doctor.timezone,
        RecipientGroup.ADMIN.value: zone_of_user(user, appointment_type.organisation),
    }
    if group not in zones:
        raise Invalid("recipient_group", "Choose patient, doctor or admin.")
    sent = AppointmentReminderSent(appointment=visit, recipient_group=group)
    return Sample(sent, Reader(language="", zone_name=zones[group]))


def send_test(
    appointment_type: AppointmentType,
    *,
    group: str,
    channel: str,
    user: User,
    actor: Actor,
    now: datetime,
) -> None:
    """Send `user` the sample by e-mail, or as text message to their own number. Audited.

    Raises Invalid for an unknown group or channel, and without a number.
    """
    if group not in RecipientGroup.values:
        raise Invalid("recipient_group", "Choose patient, doctor or admin.")
    address = _own_address(user, channel)
    message = NewMessage(
        organisation_id=appointment_type.organisation_id,
        channel=Channel(channel),
        kind=REMINDER_TEST,
        subject_uid=appointment_type.uid,
        about_uid="",
        recipient_group=group,
        recipient_uid=user.uid,
        address=address,
        is_test=True,
    )
    with transaction.atomic():
        publish(now=now, messages=[message])
        audit.record(
            appointment_type.organisation,
            "reminder.test_sent",
            actor=actor,
            now=now,
            object_uid=appointment_type.uid,
            details={"recipient_group": group, "channel": channel},
        )


def _own_address(user: User, channel: str) -> str:
    addresses = {Channel.EMAIL.value: user.email, Channel.SMS.value: user.mobile_phone}
    if channel not in addresses:
        raise Invalid("channel", "Choose e-mail or text message.")
    if not addresses[channel]:
        raise Invalid("channel", "Your account has no mobile number. Add it in My account.")
    return addresses[channel]


def _render(delivery: Delivery, now: datetime) -> Email | Sms:
    kind = AppointmentType.objects.select_related("organisation").get(uid=delivery.subject_uid)
    user = User.objects.get(uid=delivery.recipient_uid)
    sample = sample_of(kind, group=delivery.recipient_group, user=user, now=now)
    if delivery.channel == Channel.SMS:
        return sample.sms(is_test=True)
    return sample.email(is_test=True)


def _why_user_is_out(delivery: Delivery, now: datetime) -> str:
    is_here = User.objects.filter(uid=delivery.recipient_uid, is_active=True).exists()
    return "" if is_here else "the user is deactivated"


def _marked(text: Letter) -> Letter:
    return replace(
        text,
        subject=gettext("Test: %(subject)s") % {"subject": text.subject},
        message=gettext(
            "This is a test. Patient and time are made up, and its links lead nowhere."
        ),
    )


def _visit(appointment_type: AppointmentType, now: datetime) -> Appointment:
    """Tomorrow at ten, with the first doctor of the type, in the first shop."""
    organisation = appointment_type.organisation
    tomorrow = now.astimezone(zone(organisation.timezone)).date() + timedelta(days=1)
    starts_at = datetime.combine(tomorrow, time(10), zone(organisation.timezone))
    shop = Shop.objects.of(organisation).order_by("-is_active", "id").first()
    shop = shop or Shop(organisation=organisation, name=organisation.name, country="DE")
    doctors = appointment_type.doctors.filter(is_active=True).order_by("display_name", "id")
    doctor = doctors.first() or Doctor(
        organisation=organisation, display_name="Dr Jane Example", timezone=organisation.timezone
    )
    patient = Patient(organisation=organisation, first_name="Alex", last_name="Example")
    return Appointment(
        organisation=organisation,
        shop=shop,
        patient=patient,
        doctor=doctor,
        appointment_type=appointment_type,
        status=Status.CONFIRMED,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=appointment_type.duration_minutes),
    )
