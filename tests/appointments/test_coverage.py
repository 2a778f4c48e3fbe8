"""Which visits an edit leaves outside the doctor's hours. NOW is a Monday, 08:00 UTC."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.coverage import outside_hours, outside_hours_of
from appointments.models import Appointment
from appointments.status import Status
from availability.models import AvailabilityOverride, TimeOff
from availability.proposals import changing_date, changing_time_off, changing_windows
from availability.values import OverrideValues, TimeOffValues, WindowValues
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
NINE_TO_NOON = WindowValues(0, 540, 720)


@pytest.fixture
def doctor() -> Doctor:
    """Open on Mondays from 09:00 to 12:00 UTC."""
    doctor = make_doctor(organisation=make_organisation(), timezone="UTC")
    make_window(doctor=doctor, start="09:00", end="12:00")
    return doctor


def book(doctor: Doctor, hour: int, minute: int = 0, **fields: Any) -> Appointment:
    """On that Monday, for 30 minutes."""
    return make_appointment(
        patient=make_patient(shop=make_shop(organisation=doctor.organisation)),
        doctor=doctor,
        appointment_type=make_type(organisation=doctor.organisation, doctors=[doctor]),
        starts_at=datetime(2027, 3, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=minute),
        **fields,
    )


def test_a_visit_must_lie_in_the_hours_wholly(doctor: Doctor) -> None:
    book(doctor, 9)
    book(doctor, 11, 30)
    over_the_end = book(doctor, 12, 15)
    next_day = book(doctor, 33)

    assert outside_hours(doctor, now=NOW) == [over_the_end, next_day]


def test_only_what_is_active_and_ahead_counts(doctor: Doctor) -> None:
    book(doctor, 7)
    book(doctor, 20, status=Status.CANCELLED)
    book(doctor, 21, status=Status.HELD, hold_expires_at=NOW)
    held = book(doctor, 22, status=Status.HELD, hold_expires_at=NOW + timedelta(minutes=5))

    assert outside_hours(doctor, now=NOW) == [held]


def test_time_off_and_overrides_leave_visits_outside(doctor: Doctor) -> None:
    morning, later = book(doctor, 9), book(doctor, 9 + 7 * 24)
    owner = {"organisation": doctor.organisation, "doctor": doctor}
    AvailabilityOverride.objects.create(**owner, date=MONDAY, hours=[[600, 700]])
    assert outside_hours(doctor, now=NOW) == [morning]

    TimeOff.objects.create(
        **owner, start_date=MONDAY + timedelta(days=7), end_date=MONDAY + timedelta(days=7)
    )
    assert outside_hours(doctor, now=NOW) == [morning, later]


def test_a_proposed_window_change_is_judged_before_it_is_saved(doctor: Doctor) -> None:
    early, late = book(doctor, 9), book(doctor, 11)
    shorter = changing_windows(without=[NINE_TO_NOON], adding=[WindowValues(0, 600, 720)])
    gone = changing_windows(without=[NINE_TO_NOON])

    assert outside_hours(doctor, now=NOW) == []
    assert outside_hours(doctor, now=NOW, schedule_change=shorter) == [early]
    assert outside_hours(doctor, now=NOW, schedule_change=gone) == [early, late]


def test_a_proposed_override_or_time_off_is_judged_before_it_is_saved(doctor: Doctor) -> None:
    visit = book(doctor, 9)
    closed = changing_date(MONDAY, OverrideValues(MONDAY))
    away = changing_time_off(adding=[TimeOffValues(MONDAY, MONDAY)])

    assert outside_hours(doctor, now=NOW, schedule_change=closed) == [visit]
    assert outside_hours(doctor, now=NOW, schedule_change=away) == [visit]

    TimeOff.objects.create(
        organisation=doctor.organisation, doctor=doctor, start_date=MONDAY, end_date=MONDAY
    )
    back = changing_time_off(without=[TimeOffValues(MONDAY, MONDAY)])
    assert outside_hours(doctor, now=NOW, schedule_change=back) == []
    AvailabilityOverride.objects.create(
        organisation=doctor.organisation, doctor=doctor, date=MONDAY, hours=[]
    )
    assert outside_hours(doctor, now=NOW, schedule_change=back) == [visit]
    TimeOff.objects.all().delete()
    opened = changing_date(MONDAY, None)
    assert outside_hours(doctor, now=NOW, schedule_change=opened) == []


def test_two_statements_for_one_doctor_and_for_many(doctor: Doctor) -> None:
    book(doctor, 20)
    others = [make_doctor(organisation=doctor.organisation) for _ in range(4)]
    for other in others:
        book(other, 20)
        book(other, 24 * 40)

    with CaptureQueriesContext(connection) as one:
        assert len(outside_hours(doctor, now=NOW)) == 1
    with CaptureQueriesContext(connection) as many:
        assert len(outside_hours_of([doctor, *others], now=NOW)) == 9
    assert (len(one), len(many)) == (2, 2)
