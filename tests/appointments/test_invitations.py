"""The calendar entry: one UID along a chain, a rising SEQUENCE, no patient data."""

from datetime import timedelta
from typing import Any

import pytest
from icalendar import Calendar

from appointments import invitations, lifecycle, links
from appointments.models import Appointment
from tests.factories import (
    ADMIN,
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    open_all_week,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit() -> Appointment:
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation)
    open_all_week(doctor)
    kind = make_type(organisation=organisation, doctors=[doctor], name="Canary Kind")
    patient = make_patient(
        shop=make_shop(organisation=organisation),
        first_name="Canaryfirst",
        last_name="Canarylast",
        email="canary@patients.example",
        phone="+4915123456789",
    )
    return make_appointment(
        patient=patient,
        doctor=doctor,
        appointment_type=kind,
        starts_at=NOW + timedelta(days=2),
        client_reference="canary-reference",
    )


def read(appointment: Appointment) -> tuple[str, Any]:
    """METHOD and the one event, as a calendar reads them."""
    calendar = Calendar.from_ical(invitations.invitation(appointment, now=NOW))
    (event,) = calendar.walk("VEVENT")
    return str(calendar["METHOD"]), event


def test_a_confirmed_visit_is_a_request_with_its_time_in_utc(visit: Appointment) -> None:
    method, event = read(visit)

    assert method == "REQUEST"
    assert event["STATUS"] == "CONFIRMED"
    assert event["SUMMARY"] == "Consultation with Dr Jane Hill"
    assert event.decoded("DTSTART") == visit.starts_at
    assert event.decoded("DTEND") == visit.ends_at
    assert event["DTSTART"].to_ical() == b"20270303T080000Z"
    assert event["ORGANIZER"] == "mailto:hello@shop.example"
    assert event["URL"] == links.join_url(visit)


def test_moves_and_the_cancellation_change_the_same_entry(visit: Appointment) -> None:
    later = NOW + timedelta(days=3)
    second = lifecycle.rebook(visit, starts_at=later, actor=ADMIN, now=NOW)
    third = lifecycle.rebook(second, starts_at=later + timedelta(hours=1), actor=ADMIN, now=NOW)
    events = [read(visit), read(second), read(third)]
    cancelled = lifecycle.cancel(third, reason="ill", actor=ADMIN, now=NOW)
    events.append(read(cancelled))

    assert {str(event["UID"]) for _, event in events} == {f"{visit.uid}@127.0.0.1"}
    assert [event["SEQUENCE"] for _, event in events] == [0, 1, 2, 3]
    assert [method for method, _ in events] == ["REQUEST", "REQUEST", "REQUEST", "CANCEL"]
    assert events[-1][1]["STATUS"] == "CANCELLED"
    assert "URL" not in events[-1][1]


def test_visits_of_their_own_are_entries_of_their_own(visit: Appointment) -> None:
    other = make_appointment(
        patient=visit.patient,
        doctor=visit.doctor,
        appointment_type=visit.appointment_type,
        starts_at=NOW + timedelta(days=4),
    )

    assert read(visit)[1]["UID"] != read(other)[1]["UID"]


def test_the_entry_holds_no_data_of_the_patient_and_not_what_the_visit_is_about(
    visit: Appointment,
) -> None:
    content = invitations.invitation(visit, now=NOW).decode().replace("\r\n ", "").lower()

    assert "dr jane hill" in content
    assert "canary" not in content
    assert "4915123456789" not in content
    assert visit.patient.uid not in content


def test_the_organizer_of_a_shop_without_an_address_is_our_sender(visit: Appointment) -> None:
    visit.shop.contact_email = ""

    assert read(visit)[1]["ORGANIZER"] == "mailto:no-reply@rxscale.invalid"
