"""What is listed on days of changing clocks, in odd zones, at night and on dates of their own can be booked."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentType
from appointments.slots import Slot, bookable
from appointments.status import Status
from availability.models import AvailabilityOverride, Weekday
from common.clock import from_epoch
from organisations.models import Doctor
from tests.factories import (
    PATIENT,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_window,
    open_all_week,
)

pytestmark = pytest.mark.django_db


def doctor_in(zone: str) -> Doctor:
    return make_doctor(organisation=make_organisation(timezone=zone), timezone=zone)


def type_of(doctor: Doctor, **fields: object) -> AppointmentType:
    fields = {"duration_minutes": 60, "booking_horizon_days": 730, **fields}
    return make_type(organisation=doctor.organisation, doctors=[doctor], **fields)  # type: ignore[arg-type]  # as given


def midnight(doctor: Doctor, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(doctor.timezone))


def listed_on(kind: AppointmentType, doctor: Doctor, day: date) -> list[Slot]:
    """The slots of one local date, asked for on the day before."""
    start, end = midnight(doctor, day), midnight(doctor, day + timedelta(days=1))
    now = start - timedelta(days=1)
    return bookable(kind, start=int(start.timestamp()), end=int(end.timestamp()), now=now)


def local_times(slots: list[Slot], doctor: Doctor) -> list[str]:
    zone = ZoneInfo(doctor.timezone)
    return [from_epoch(slot.starts_at).astimezone(zone).strftime("%H:%M") for slot in slots]


def book(kind: AppointmentType, doctor: Doctor, starts_at: datetime) -> Appointment:
    now = starts_at - timedelta(days=1)
    patient = make_patient(shop=make_shop(organisation=doctor.organisation))
    held = lifecycle.hold(
        patient=patient, appointment_type=kind, starts_at=starts_at, actor=PATIENT, now=now
    )
    return lifecycle.confirm(held, actor=PATIENT, now=now)


@pytest.mark.usefixtures("process_zone")
@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("America/New_York", date(2027, 3, 14), 23),
        ("America/New_York", date(2027, 11, 7), 25),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
        ("Europe/Berlin", date(2027, 10, 31), 25),
    ],
)
@pytest.mark.fuzz
def test_every_slot_of_a_day_of_changing_clocks_is_held_and_confirmed(
    zone: str, day: date, hours: float
) -> None:
    doctor = doctor_in(zone)
    open_all_week(doctor)
    kind = type_of(doctor, duration_minutes=30)
    slots = listed_on(kind, doctor, day)

    visits = [book(kind, doctor, from_epoch(slot.starts_at)) for slot in slots]

    assert len(visits) == hours * 2
    assert {visit.ends_at - visit.starts_at for visit in visits} == {timedelta(minutes=30)}
    assert all(a.ends_at <= b.starts_at for a, b in pairwise(visits))
    assert listed_on(kind, doctor, day) == []


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu"])
def test_an_hour_in_a_zone_of_an_odd_offset_blocks_exactly_that_hour(zone: str) -> None:
    doctor, day = doctor_in(zone), date(2027, 5, 3)
    make_window(doctor=doctor, weekday=Weekday.MONDAY, start="09:00", end="13:00")
    kind = type_of(doctor, slot_interval_minutes=15)
    before = local_times(listed_on(kind, doctor, day), doctor)

    book(kind, doctor, midnight(doctor, day) + timedelta(hours=10))

    assert before[0] == "09:00"
    assert local_times(listed_on(kind, doctor, day), doctor) == [
        "09:00",
        *(at for at in before if at >= "11:00"),
    ]


def test_a_date_of_its_own_is_booked_outside_the_weekly_hours_and_a_closed_one_is_not() -> None:
    doctor = doctor_in("Europe/Berlin")
    make_window(doctor=doctor, weekday=Weekday.MONDAY, start="09:00", end="12:00")
    kind = type_of(doctor)
    monday, tuesday = date(2027, 5, 3), date(2027, 5, 4)
    owned = {"organisation": doctor.organisation, "doctor": doctor}
    AvailabilityOverride.objects.create(**owned, date=monday, hours=[])
    AvailabilityOverride.objects.create(**owned, date=tuesday, hours=[[1200, 1320]])

    assert local_times(listed_on(kind, doctor, tuesday), doctor) == ["20:00", "21:00"]
    visit = book(kind, doctor, midnight(doctor, tuesday) + timedelta(hours=21))
    assert visit.status == Status.CONFIRMED
    assert listed_on(kind, doctor, monday) == []
    with pytest.raises(Refused) as refused:
        book(kind, doctor, midnight(doctor, monday) + timedelta(hours=9))
    assert refused.value.details == {"reason": "outside_hours"}


def test_a_friday_night_is_booked_on_saturday_whatever_saturday_says() -> None:
    doctor, saturday = doctor_in("Europe/Berlin"), date(2027, 5, 8)
    make_window(doctor=doctor, weekday=Weekday.FRIDAY, start="22:00", end="06:00")
    AvailabilityOverride.objects.create(
        organisation=doctor.organisation, doctor=doctor, date=saturday, hours=[]
    )
    kind = type_of(doctor)

    visit = book(kind, doctor, midnight(doctor, saturday) + timedelta(hours=2))

    assert visit.starts_at == datetime(2027, 5, 8, 0, 0, tzinfo=UTC)
    assert local_times(listed_on(kind, doctor, saturday), doctor) == [
        f"{hour:02}:00" for hour in (0, 1, 3, 4, 5)
    ]
