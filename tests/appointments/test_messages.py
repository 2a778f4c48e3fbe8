"""The mails about a visit (behaviour 29, 30) and when they are no longer wanted (behaviour 26)."""

from copy import deepcopy
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar

from appointments import lifecycle, links, messages, notices
from appointments.models import Appointment
from notifications import kinds
from notifications.channels.email import compose
from notifications.kinds import Email
from notifications.models import Delivery
from tests.factories import (
    ADMIN,
    NOW,
    PARTNER,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
    open_all_week,
)
from tests.standing import Stand

pytestmark = pytest.mark.django_db

CANARIES = ("canaryfirst", "canarylast", "canary@patients.example", "4915123456789")


@pytest.fixture(scope="module")
def standing_visit(stand: Stand) -> Appointment:
    return stand(_in_three_zones)


@pytest.fixture
def visit(standing_visit: Appointment) -> Appointment:
    return deepcopy(standing_visit)


def _in_three_zones() -> Appointment:
    """On Wednesday, 3 March 2027, 08:00 UTC; the doctor works in New York, the patient in Kathmandu."""
    organisation = make_organisation()
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
        timezone="Asia/Kathmandu",
    )
    return make_appointment(
        patient=patient,
        doctor=doctor,
        appointment_type=make_type(
            organisation=organisation, doctors=[doctor], name="Skin consultation"
        ),
        starts_at=NOW + timedelta(days=2),
    )


def delivery(visit: Appointment, kind: str, group: str) -> Delivery:
    """The row the engine would hand to the kind."""
    is_patient = group == notices.PATIENT_GROUP
    return Delivery(
        organisation=visit.organisation,
        channel="email",
        kind=kind,
        subject_uid=visit.uid,
        recipient_group=group,
        recipient_uid=visit.patient.uid if is_patient else visit.doctor.uid,
    )


def mail(visit: Appointment, kind: str, group: str) -> Email:
    rendered = kinds.find(kind).render(delivery(visit, kind, group), NOW)
    assert isinstance(rendered, Email)
    return rendered


def why_not(visit: Appointment, kind: str, group: str = "patient", *, minutes: int = 0) -> str:
    now = NOW + timedelta(minutes=minutes)
    return kinds.find(kind).still_wanted(delivery(visit, kind, group), now)


def test_the_patient_reads_when_with_whom_both_links_and_whom_to_ask(visit: Appointment) -> None:
    shop = visit.shop
    shop.contact_phone = "+49 30 1234567"
    shop.save()

    sent = mail(visit, notices.CONFIRMED, "patient")

    for part in (
        "Wednesday, 3 March 2027, 13:45 (Asia/Kathmandu, UTC+05:45)",
        "30 minutes",
        "Dr Jane Hill",
        links.join_url(visit),
        links.manage_url(visit),
        "Northside Shop",
        "hello@shop.example · +49 30 1234567",
    ):
        assert part in sent.text
        assert part in sent.html
    assert "Skin" not in sent.text + sent.html


def test_a_patient_without_a_zone_reads_the_organisations(visit: Appointment) -> None:
    visit.patient.timezone = ""
    visit.patient.save()

    assert (
        "3 March 2027, 09:00 (Europe/Berlin, CET)"
        in mail(visit, "appointment.moved", "patient").text
    )


def test_the_abbreviation_tells_summer_from_winter_time(visit: Appointment) -> None:
    visit.patient.timezone = "Europe/Berlin"
    visit.patient.save()
    visit.starts_at += timedelta(days=60)
    visit.ends_at += timedelta(days=60)
    visit.blocked_from, visit.blocked_until = visit.starts_at, visit.ends_at
    visit.save()

    assert (
        "2 May 2027, 10:00 (Europe/Berlin, CEST)" in mail(visit, notices.CONFIRMED, "patient").text
    )


@pytest.mark.parametrize(
    "kind", [notices.CONFIRMED, notices.MOVED, notices.CANCELLED, notices.HANDED_OVER]
)
def test_the_doctor_reads_when_type_and_portal_and_no_name(visit: Appointment, kind: str) -> None:
    sent = mail(visit, kind, "doctor")
    everything = (sent.subject + sent.text + sent.html).lower()

    assert "Wednesday, 3 March 2027, 03:00 (America/New_York, EST)" in sent.text
    assert "Skin consultation" in sent.text
    assert f"/doctor/appointments/{visit.uid}/" in sent.text
    assert sent.attachments == ()
    assert [canary for canary in CANARIES if canary in everything] == []


@pytest.mark.parametrize("kind", [notices.CONFIRMED, notices.MOVED, notices.CANCELLED])
def test_no_subject_names_the_patient_the_doctor_or_the_time(visit: Appointment, kind: str) -> None:
    for group in ("patient", "doctor"):
        subject = mail(visit, kind, group).subject.lower()
        assert subject
        assert not any(word in subject for word in (*CANARIES, "hill", "march", "skin"))


def test_the_patients_mail_carries_the_calendar_entry_of_its_method(visit: Appointment) -> None:
    (request,) = mail(visit, notices.CONFIRMED, "patient").attachments
    cancelled = lifecycle.cancel(visit, reason="ill", actor=ADMIN, now=NOW)
    (cancel,) = mail(cancelled, notices.CANCELLED, "patient").attachments

    assert request.filename == "appointment.ics"
    assert request.mimetype == "text/calendar; method=REQUEST"
    assert b"METHOD:REQUEST" in request.content
    assert cancel.mimetype == "text/calendar; method=CANCEL"
    assert b"METHOD:CANCEL" in cancel.content


def test_the_message_to_the_patient_is_shown_and_the_staffs_reason_never(
    visit: Appointment,
) -> None:
    cancelled = lifecycle.cancel(
        visit, reason="patient was rude", message="Sorry!\n<b>Call us.</b>", actor=ADMIN, now=NOW
    )

    sent = mail(cancelled, notices.CANCELLED, "patient")

    assert "Sorry!\n<b>Call us.</b>" in sent.text
    assert "Sorry!\n&lt;b&gt;Call us.&lt;/b&gt;" in sent.html
    assert "rude" not in sent.text + sent.html
    assert "rude" not in mail(cancelled, notices.CANCELLED, "doctor").text


def test_a_moved_visit_names_the_earlier_time(visit: Appointment) -> None:
    new = lifecycle.rebook(visit, starts_at=NOW + timedelta(days=3), actor=ADMIN, now=NOW)

    assert "Moved from: Wednesday, 3 March 2027, 13:45" in mail(new, notices.MOVED, "patient").text
    assert "Moved from: Wednesday, 3 March 2027, 03:00" in mail(new, notices.MOVED, "doctor").text


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("de", "Mittwoch, 3"),
        ("de-AT", "Mittwoch, 3"),
        ("en", "Wednesday, 3"),
        ("xx", "Wednesday, 3"),
        ("", "Wednesday, 3"),
        ("not a language", "Wednesday, 3"),
    ],
)
def test_the_patients_language_is_spoken(visit: Appointment, language: str, day: str) -> None:
    visit.patient.language = language
    visit.patient.save()
    sent = mail(visit, notices.CONFIRMED, "patient")

    assert day in sent.text
    assert f'<html lang="{language[:2] if language[:2] == "de" else "en"}">' in sent.html


def test_a_confirmation_is_wanted_while_the_visit_is_confirmed_and_ahead(
    visit: Appointment,
) -> None:
    until_start = 2 * 24 * 60

    assert why_not(visit, notices.CONFIRMED, minutes=until_start - 1) == ""
    assert why_not(visit, notices.CONFIRMED, minutes=until_start) == "begun"


def test_what_became_of_the_visit_is_the_reason_not_to_send(visit: Appointment) -> None:
    new = lifecycle.rebook(visit, starts_at=NOW + timedelta(days=3), actor=PARTNER, now=NOW)

    assert why_not(visit, notices.CONFIRMED) == "moved"
    assert why_not(new, notices.MOVED) == ""
    lifecycle.cancel(new, reason="ill", actor=ADMIN, now=NOW)
    assert why_not(new, notices.MOVED) == "no longer confirmed"


def test_a_cancellation_is_wanted_even_after_the_start(visit: Appointment) -> None:
    assert why_not(visit, notices.CANCELLED) == "not cancelled"
    after_start = NOW + timedelta(days=2, minutes=5)
    lifecycle.cancel(visit, reason="ill", actor=ADMIN, now=after_start)

    assert why_not(visit, notices.CANCELLED, minutes=3 * 24 * 60) == ""


def test_a_doctor_deactivated_meanwhile_receives_nothing(visit: Appointment) -> None:
    assert why_not(visit, notices.CONFIRMED, "doctor") == ""
    user = visit.doctor.user
    assert user is not None
    user.is_active = False
    user.save()

    assert why_not(visit, notices.CONFIRMED, "doctor") == "the user is deactivated"
    assert why_not(visit, notices.CONFIRMED, "patient") == ""


def test_a_verb_leaves_the_mails_as_deliveries(visit: Appointment) -> None:
    lifecycle.cancel(visit, reason="ill", actor=ADMIN, now=NOW)

    rows = Delivery.objects.filter(about_uid=visit.uid, channel="email").order_by("id")
    assert [(row.kind, row.recipient_group, row.address, row.state) for row in rows] == [
        (notices.CANCELLED, "patient", "canary@patients.example", "pending"),
        (notices.CANCELLED, "doctor", "jane.hill@clinic.example", "pending"),
    ]


def test_the_doctor_reads_who_changed_their_availability(visit: Appointment) -> None:
    told = Delivery(
        organisation=visit.organisation,
        kind=messages.AVAILABILITY_CHANGED,
        recipient_uid=visit.doctor.uid,
        context={"change": "Window added: Monday 09:00–12:00", "by": "Sam (RxScale team)"},
    )
    kind = kinds.find(messages.AVAILABILITY_CHANGED)
    sent = kind.render(told, NOW)

    assert isinstance(sent, Email)
    assert "Change: Window added: Monday 09:00–12:00\nBy: Sam (RxScale team)" in sent.text
    assert "/doctor/availability/" in sent.text
    assert kind.still_wanted(told, NOW) == ""


def test_on_the_wire_it_is_multipart_with_a_calendar_part_that_can_be_read_back(
    visit: Appointment,
) -> None:
    row = delivery(visit, notices.CONFIRMED, "patient")
    row.address = visit.patient.email
    wire = message_from_bytes(
        compose(row, mail(visit, notices.CONFIRMED, "patient")).message().as_bytes(),
        policy=policy.default,
    )
    parts = [part for part in wire.walk() if not part.is_multipart()]
    calendar = parts[-1]
    content = calendar.get_payload(decode=True)

    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    assert calendar.get_param("method") == "REQUEST"
    assert isinstance(content, bytes)
    (event,) = Calendar.from_ical(content).walk("VEVENT")
    assert event.decoded("DTSTART") == visit.starts_at
