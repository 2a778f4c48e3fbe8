"""The reminder's mail and text message: what they say, and when they are no longer wanted."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from appointments import lifecycle, links
from appointments.models import Appointment
from notifications import kinds
from notifications.kinds import Email, Sms
from notifications.models import Channel, Delivery
from organisations.models import User
from reminders.models import AppointmentReminderSent, Outcome, RecipientGroup, ReminderRule
from reminders.text_messages import SEPTETS_IN_TWO_SEGMENTS, septets
from tests.factories import (
    ADMIN,
    NOW,
    make_appointment,
    make_doctor,
    make_member,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
    open_all_week,
)

pytestmark = pytest.mark.django_db

KIND = "appointment.reminder"
ONE_DAY = 24 * 60


@dataclass
class Clinic:
    visit: Appointment
    admin: User

    def delivery(self, group: RecipientGroup, channel: Channel) -> Delivery:
        """What the engine would hand to the kind for a reminder of this group."""
        visit = self.visit
        recipient_uid = {
            RecipientGroup.PATIENT: visit.patient.uid,
            RecipientGroup.DOCTOR: visit.doctor.uid,
            RecipientGroup.ADMIN: self.admin.uid,
        }[group]
        rule, _ = ReminderRule.objects.get_or_create(
            organisation=visit.organisation,
            appointment_type=visit.appointment_type,
            recipient_group=group,
            minutes_before=60,
            defaults={"created_at": NOW},
        )
        sent, _ = AppointmentReminderSent.objects.get_or_create(
            organisation=visit.organisation,
            appointment=visit,
            rule=rule,
            recipient_group=group,
            recipient_uid=recipient_uid,
            defaults={
                "minutes_before": 60,
                "due_at": NOW,
                "outcome": Outcome.FIRED,
                "created_at": NOW,
            },
        )
        return Delivery(
            organisation=visit.organisation, channel=channel, kind=KIND, subject_uid=sent.uid
        )

    def email(self, group: RecipientGroup) -> Email:
        rendered = kinds.find(KIND).render(self.delivery(group, Channel.EMAIL), NOW)
        assert isinstance(rendered, Email)
        return rendered

    def sms(self, group: RecipientGroup) -> str:
        rendered = kinds.find(KIND).render(self.delivery(group, Channel.SMS), NOW)
        assert isinstance(rendered, Sms)
        return rendered.text

    def why_not(
        self,
        group: RecipientGroup = RecipientGroup.PATIENT,
        channel: Channel = Channel.EMAIL,
        *,
        minutes: int = 0,
    ) -> str:
        now = NOW + timedelta(minutes=minutes)
        return kinds.find(KIND).still_wanted(self.delivery(group, channel), now)


@pytest.fixture
def clinic() -> Clinic:
    """A visit a day ahead: Tuesday, 2 March 2027, 08:00 UTC."""
    organisation = make_organisation(timezone="Europe/Berlin")
    doctor = make_doctor(
        organisation=organisation, timezone="America/New_York", user=make_user(name="Jane")
    )
    open_all_week(doctor)
    patient = make_patient(
        shop=make_shop(organisation=organisation),
        first_name="Canaryfirst",
        last_name="Canarylast",
        email="canary@patients.example",
        phone="+4915123456789",
        timezone="Asia/Kolkata",
    )
    kind = make_type(organisation=organisation, doctors=[doctor], name="Skin consultation")
    visit = make_appointment(
        patient=patient,
        doctor=doctor,
        appointment_type=kind,
        starts_at=NOW + timedelta(minutes=ONE_DAY),
    )
    return Clinic(visit=visit, admin=make_member(organisation=organisation).user)


def test_the_patients_mail_says_when_with_whom_and_how(clinic: Clinic) -> None:
    sent = clinic.email(RecipientGroup.PATIENT)

    for part in (
        "Tuesday, 2 March 2027, 13:30 (Asia/Kolkata, IST)",
        "Dr Jane Hill",
        links.join_url(clinic.visit),
        links.manage_url(clinic.visit),
        "Northside Shop",
        "hello@shop.example",
    ):
        assert part in sent.text
        assert part in sent.html
    assert "Skin" not in sent.text + sent.html


@pytest.mark.parametrize(
    ("group", "time", "page"),
    [
        (RecipientGroup.DOCTOR, "03:00 (America/New_York, EST)", "/doctor/appointments/"),
        (RecipientGroup.ADMIN, "09:00 (Europe/Berlin, CET)", "/admin/appointments/"),
    ],
)
def test_doctor_and_admin_read_no_patients_name(
    clinic: Clinic, group: RecipientGroup, time: str, page: str
) -> None:
    sent, text_message = clinic.email(group), clinic.sms(group)

    for text in (sent.text, sent.html, text_message):
        assert time in text
        assert "Skin consultation" in text
        assert "Dr Jane Hill" in text
        assert f"{page}{clinic.visit.uid}/" in text
        assert "canary" not in text.lower()
    assert "canary" not in sent.subject.lower()


def test_an_admin_with_a_zone_of_their_own_reads_it(clinic: Clinic) -> None:
    clinic.admin.timezone = "Europe/Lisbon"
    clinic.admin.save()

    assert "08:00 (Europe/Lisbon, WET)" in clinic.email(RecipientGroup.ADMIN).text


def test_the_text_message_holds_all_a_patient_needs_in_two_segments(clinic: Clinic) -> None:
    visit = clinic.visit

    assert clinic.sms(RecipientGroup.PATIENT).split("\n") == [
        "Northside Shop: your appointment",
        "Tue 2 Mar 2027, 13:30 (Asia/Kolkata, IST)",
        "Dr Jane Hill",
        f"Join: {links.join_url(visit)}",
        f"Change: {links.manage_url(visit)}",
        "Questions: hello@shop.example",
    ]
    assert septets(clinic.sms(RecipientGroup.PATIENT)) <= SEPTETS_IN_TWO_SEGMENTS


def test_a_long_text_message_loses_what_matters_least(clinic: Clinic) -> None:
    clinic.visit.shop.name = "Northside " * 12
    clinic.visit.shop.save()
    text = clinic.sms(RecipientGroup.PATIENT)

    assert septets(text) <= SEPTETS_IN_TWO_SEGMENTS
    assert links.join_url(clinic.visit) in text
    assert "Northside" in text
    assert "Questions" not in text
    assert "Change" not in text


def test_the_patients_language_is_spoken(clinic: Clinic) -> None:
    clinic.visit.patient.language = "de-CH"
    clinic.visit.patient.save()

    mail, text = clinic.email(RecipientGroup.PATIENT), clinic.sms(RecipientGroup.PATIENT)
    assert mail.subject == "Erinnerung an Ihren Termin"
    assert "Wann: Dienstag, 2. März 2027, 13:30 Uhr (Asien/Kolkata, IST)" in mail.text
    assert '<html lang="de">' in mail.html
    assert text.startswith(
        "Northside Shop: Ihr Termin\nDi, 2. März 2027, 13:30 Uhr (Asien/Kolkata, IST)\n"
    )
    assert "\nTeilnehmen: http" in text
    assert "\nÄndern: http" in text
    assert septets(text) <= SEPTETS_IN_TWO_SEGMENTS
    assert "Tuesday, 2" in clinic.email(RecipientGroup.DOCTOR).text


def test_it_is_wanted_until_the_visit_begins(clinic: Clinic) -> None:
    assert clinic.why_not(minutes=ONE_DAY - 1) == ""
    assert clinic.why_not(minutes=ONE_DAY) == "begun"


def test_it_is_not_wanted_for_a_moved_or_cancelled_visit(clinic: Clinic) -> None:
    new = lifecycle.rebook(clinic.visit, starts_at=NOW + timedelta(days=2), actor=ADMIN, now=NOW)
    assert clinic.why_not() == "moved"

    clinic.visit = new
    assert clinic.why_not() == ""
    lifecycle.cancel(new, reason="ill", actor=ADMIN, now=NOW)
    assert clinic.why_not() == "no longer confirmed"


def test_who_opted_out_meanwhile_is_left_in_peace_on_that_channel(clinic: Clinic) -> None:
    clinic.visit.patient.has_opted_out_of_sms_reminders = True
    clinic.visit.patient.save()

    assert clinic.why_not(channel=Channel.SMS) == "opted out"
    assert clinic.why_not(channel=Channel.EMAIL) == ""

    clinic.visit.patient.has_opted_out_of_email_reminders = True
    clinic.visit.patient.save()
    assert clinic.why_not(channel=Channel.EMAIL) == "opted out"


@pytest.mark.parametrize("group", [RecipientGroup.DOCTOR, RecipientGroup.ADMIN])
def test_a_user_deactivated_meanwhile_receives_nothing(
    clinic: Clinic, group: RecipientGroup
) -> None:
    assert clinic.why_not(group) == ""
    User.objects.update(is_active=False)

    assert clinic.why_not(group) == "the user is deactivated"
