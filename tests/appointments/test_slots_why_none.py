"""Why there is no slot on a day: every answer names what takes the time, and until when."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from appointments.models import AppointmentType
from appointments.slots import Reason, why_no_slots
from appointments.status import Status
from appointments.why_no_slots import reasons_by_day
from availability.models import BookingStop, TimeOff
from common.clock import to_epoch
from organisations.models import Doctor
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_window,
)

pytestmark = pytest.mark.django_db
MONDAY = date(2027, 3, 1)
MIDNIGHT = datetime(2027, 3, 1, tzinfo=UTC)


def at(hour: int, minute: int = 0) -> datetime:
    return MIDNIGHT + timedelta(hours=hour, minutes=minute)


@pytest.fixture
def doctor() -> Doctor:
    doctor = make_doctor(organisation=make_organisation(), timezone="UTC")
    make_window(doctor=doctor, start="09:00", end="11:00")
    return doctor


@pytest.fixture
def kind(doctor: Doctor) -> AppointmentType:
    return make_type(
        organisation=doctor.organisation,
        doctors=[doctor],
        duration_minutes=60,
        booking_horizon_days=7,
    )


def book(doctor: Doctor, kind: AppointmentType, hour: int, **fields: Any) -> str:
    patient = make_patient(shop=make_shop(organisation=doctor.organisation))
    return make_appointment(
        patient=patient, doctor=doctor, appointment_type=kind, starts_at=at(hour), **fields
    ).uid


def test_nothing_is_in_the_way(kind: AppointmentType, doctor: Doctor) -> None:
    assert why_no_slots(kind, doctor, MONDAY, NOW) == []


def test_the_doctor_does_not_offer_the_type(kind: AppointmentType, doctor: Doctor) -> None:
    kind.offers.all().delete()

    assert why_no_slots(kind, doctor, MONDAY, NOW) == [Reason("not_offered")]


def test_the_day_has_no_hours(kind: AppointmentType, doctor: Doctor) -> None:
    tuesday = MONDAY + timedelta(days=1)

    assert why_no_slots(kind, doctor, tuesday, NOW) == [
        Reason("outside_hours", to_epoch(at(24)), to_epoch(at(48)))
    ]


def test_bookings_are_stopped(kind: AppointmentType, doctor: Doctor) -> None:
    BookingStop.objects.create(
        organisation=doctor.organisation,
        doctor=doctor,
        reason="Leave",
        created_by="Ada",
        created_at=NOW,
    )
    assert why_no_slots(kind, doctor, MONDAY, NOW) == [Reason("stopped")]


def test_the_day_lies_within_the_notice(kind: AppointmentType, doctor: Doctor) -> None:
    kind.min_booking_notice_minutes = 120

    assert why_no_slots(kind, doctor, MONDAY, NOW) == [
        Reason("notice", to_epoch(MIDNIGHT), to_epoch(at(10)))
    ]


def test_the_day_lies_beyond_the_horizon(kind: AppointmentType, doctor: Doctor) -> None:
    in_two_weeks = MONDAY + timedelta(days=14)

    (reason,) = why_no_slots(kind, doctor, in_two_weeks, NOW)

    assert (reason.code, reason.ends_at) == ("horizon", to_epoch(at(15 * 24)))


def test_time_off_that_takes_a_start_is_named_and_other_time_off_is_not(
    kind: AppointmentType, doctor: Doctor
) -> None:
    for start, end in ((480, 540), (600, 630)):
        TimeOff.objects.create(
            organisation=doctor.organisation,
            doctor=doctor,
            start_date=MONDAY,
            start_minute=start,
            end_date=MONDAY,
            end_minute=end,
        )
    assert why_no_slots(kind, doctor, MONDAY, NOW) == [
        Reason("time_off", to_epoch(at(10)), to_epoch(at(10, 30)))
    ]


def test_visits_are_named_booked_or_held_until_when(kind: AppointmentType, doctor: Doctor) -> None:
    booked = book(doctor, kind, 9)
    until = NOW + timedelta(minutes=10)
    held = book(doctor, kind, 10, status=Status.HELD, hold_expires_at=until)
    book(doctor, kind, 11)  # takes no start of this day

    assert why_no_slots(kind, doctor, MONDAY, NOW) == [
        Reason("booked", to_epoch(at(9)), to_epoch(at(10)), appointment_uid=booked),
        Reason("held", to_epoch(at(10)), to_epoch(at(11)), to_epoch(until), appointment_uid=held),
    ]
    assert [r.code for r in why_no_slots(kind, doctor, MONDAY, until)] == ["booked"]


def test_the_day_is_the_doctors(kind: AppointmentType, doctor: Doctor) -> None:
    doctor.timezone = "Pacific/Auckland"
    doctor.save()

    # Monday 09:00 in Auckland was Sunday 20:00 UTC: before NOW.
    (reason,) = why_no_slots(kind, doctor, MONDAY, NOW)
    assert (reason.code, reason.starts_at) == ("notice", to_epoch(at(-13)))


def test_many_days_are_answered_as_each_alone_with_three_statements(
    kind: AppointmentType, doctor: Doctor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    book(doctor, kind, 9)
    make_window(doctor=doctor, weekday=3, start="22:00", end="02:00")
    TimeOff.objects.create(
        organisation=doctor.organisation, doctor=doctor, start_date=date(2027, 3, 4),
        end_date=date(2027, 3, 5),
    )  # fmt: skip
    days = [MONDAY + timedelta(days=ahead) for ahead in range(14)]
    with django_assert_num_queries(3):
        found = reasons_by_day(kind, doctor, days, at(9, 30))

    assert list(found) == days
    assert found == {day: why_no_slots(kind, doctor, day, at(9, 30)) for day in days}
    codes = {reason.code for reasons in found.values() for reason in reasons}
    assert codes == {"notice", "booked", "outside_hours", "time_off", "horizon"}
