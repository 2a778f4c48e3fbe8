"""Slots equal two independent computations, over zones, changes of the clock, overrides and bookings."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appointments.models import AppointmentType
from appointments.offers import Candidate, Rules, offered_starts
from appointments.slots import bookable
from appointments.status import Status
from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff
from availability.windows import Absence, Hours, Override, Pattern, Schedule, WeeklyWindow
from common.clock import to_epoch
from organisations.models import Doctor
from tests.factories import (
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)

from .slot_oracles import Visit, World, in_postgresql, minute_by_minute

# A zone and a date near one of its changes of the clock (or none).
CHANGES = (
    ("America/New_York", date(2027, 3, 14)),
    ("America/New_York", date(2027, 11, 7)),
    ("Europe/Berlin", date(2027, 3, 28)),
    ("Europe/Berlin", date(2027, 10, 31)),
    ("Asia/Beirut", date(2027, 3, 28)),
    ("Asia/Beirut", date(2027, 10, 31)),
    ("Australia/Lord_Howe", date(2027, 4, 4)),
    ("Australia/Lord_Howe", date(2027, 10, 3)),
    ("America/St_Johns", date(2010, 11, 7)),  # back from 00:01 to 23:01 of the day before
    ("Pacific/Apia", date(2011, 12, 30)),  # a date that never was
    ("Pacific/Auckland", date(2027, 9, 26)),
    ("Asia/Kathmandu", date(2027, 5, 3)),
)


def hours_apart(draws: list[int], *, last_end: int) -> tuple[Hours, ...]:
    """Pairs from sorted minutes; the last may run past midnight; odd draws make neighbours touch."""
    minutes = sorted(set(draws))
    pairs = list(zip(minutes[::2], minutes[1::2], strict=False))
    joined = [
        (start, minutes[2 * at + 2] if at % 2 and 2 * at + 2 < len(minutes) else end)
        for at, (start, end) in enumerate(pairs)
    ]
    if joined and joined[-1][0] > last_end:
        joined[-1] = (joined[-1][0], 1440 + last_end)
    return tuple(pair for pair in joined if pair[0] < 1440)


# Minutes bunch around the hours at which clocks change.
minute = st.one_of(
    st.sampled_from([0, 30, 60, 90, 120, 150, 180, 240, 540, 1380, 1410, 1440]),
    st.integers(0, 96).map(lambda quarter: quarter * 15),
)
day_hours = st.builds(
    lambda draws, night: hours_apart(draws, last_end=night),
    st.lists(minute, min_size=2, max_size=6),
    st.sampled_from([0, 60, 150, 360]),
)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[World, Visit, int]:
    zone, around = draw(st.sampled_from(CHANGES))
    first = around.toordinal() - 2
    weekly = draw(st.lists(st.one_of(st.just(()), day_hours), min_size=7, max_size=7))
    overrides = draw(st.dictionaries(st.integers(first, first + 4), day_hours, max_size=2))
    absences = draw(
        st.lists(
            st.builds(
                lambda day, start, end: Absence(day, start, day + 1, end),
                st.integers(first, first + 4),
                st.integers(0, 1439),
                st.integers(1, 1440),
            ),
            max_size=2,
        )
    )
    start = to_epoch(datetime(around.year, around.month, around.day, tzinfo=UTC)) - 36 * 3600
    taken = draw(
        st.lists(
            st.tuples(st.integers(0, 72 * 4), st.integers(1, 16)).map(
                lambda pair: (start + pair[0] * 900, start + sum(pair) * 900)
            ),
            max_size=4,
        )
    )
    pattern = Pattern(
        zone,
        tuple(WeeklyWindow(d, *pair) for d, hours in enumerate(weekly) for pair in hours),
        tuple(Override(day, hours) for day, hours in overrides.items()),
    )
    visit = Visit(
        duration=draw(st.sampled_from([5, 15, 30, 45, 60, 480])),
        interval=draw(st.sampled_from([5, 10, 25, 30, 60])),
        before=draw(st.sampled_from([0, 10])),
        after=draw(st.sampled_from([0, 20])),
    )
    return World(Schedule(pattern, tuple(absences)), sorted(taken)), visit, start


def computed(world: World, visit: Visit, start: int, end: int) -> list[int]:
    rules = Rules(
        duration=visit.duration * 60,
        interval=visit.interval * 60,
        buffer_before=visit.before * 60,
        buffer_after=visit.after * 60,
        earliest=start,
        latest=end - 1,
    )
    candidate = Candidate(1, "doc-1", world.schedule)
    offered = offered_starts([candidate], rules, start, end).get(1, [])
    return rules.without_taken(offered, world.taken)


@pytest.mark.fuzz
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_slots_equal_a_walk_over_every_minute(drawn: tuple[World, Visit, int]) -> None:
    world, visit, start = drawn
    end = start + 72 * 3600

    found = computed(world, visit, start, end)

    assert found == minute_by_minute(world, visit, start, end)
    by_hour = [
        computed(world, visit, hour, hour + 3600) for hour in range(start, end, 3600)
    ]  # no grid depends on the range asked for
    assert found == [at for part in by_hour for at in part]


def store(schedule: Schedule, doctor: Doctor) -> None:
    owner = {"organisation": doctor.organisation, "doctor": doctor}
    for window in schedule.pattern.weekly:
        AvailabilityWindow.objects.create(
            **owner,
            weekday=window.weekday,
            start_minute=window.start_minute,
            end_minute=window.end_minute,
        )
    for override in schedule.pattern.overrides:
        AvailabilityOverride.objects.create(
            **owner, date=date.fromordinal(override.date), hours=override.hours
        )
    for off in schedule.time_off:
        TimeOff.objects.create(
            **owner,
            start_date=date.fromordinal(off.start_date),
            start_minute=off.start_minute,
            end_date=date.fromordinal(off.end_date),
            end_minute=off.end_minute,
        )


def random_schedule(dice: random.Random, zone: str, around: date) -> Schedule:
    """Mornings that may touch afternoons, nights of some weekdays, overrides and time off."""
    weekly: list[WeeklyWindow] = []
    for weekday in range(7):
        noon = dice.choice([690, 720, 735])
        if dice.random() < 0.8:
            weekly.append(WeeklyWindow(weekday, dice.choice([60, 120, 150, 540]), noon))
            weekly.append(WeeklyWindow(weekday, noon + dice.choice([0, 0, 45]), 1020))
        if dice.random() < 0.4:
            weekly.append(WeeklyWindow(weekday, 1320, dice.choice([1440, 1470, 1500])))
    day = around.toordinal()
    overrides = (Override(day - 1, ()), Override(day + 1, ((0, 200), (200, 300), (1200, 1600))))
    off = (Absence(day + 2, 600, day + 2, 700), Absence(day + 2, 660, day + 3, 615))
    return Schedule(Pattern(zone, tuple(weekly), overrides), off)


def book_at_random(
    dice: random.Random, doctor: Doctor, kind: AppointmentType, now: datetime
) -> None:
    """Visits of every kind that takes time or does not, two hours apart: none overlap."""
    shop = make_shop(organisation=doctor.organisation)
    for hour in range(0, 190, 2):
        status = dice.choice([Status.CONFIRMED, Status.HELD, Status.CANCELLED])
        runs_out = dice.choice([now, now + timedelta(minutes=5)])
        if dice.random() < 0.3:
            make_appointment(
                patient=make_patient(shop=shop),
                doctor=doctor,
                appointment_type=kind,
                starts_at=now + timedelta(hours=hour, minutes=dice.choice([15, 30])),
                status=status,
                now=now,
                hold_expires_at=runs_out if status == Status.HELD else None,
            )


@pytest.mark.fuzz
@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "around"), CHANGES[:8])
def test_the_slots_of_the_database_equal_its_own_multiranges(zone: str, around: date) -> None:
    dice = random.Random(f"{zone}{around}")
    organisation = make_organisation()
    now = datetime(around.year, around.month, around.day, tzinfo=UTC) - timedelta(days=3)
    visit = Visit(30, dice.choice([15, 20, 30]), before=5, after=10)
    doctors = {
        make_doctor(organisation=organisation, timezone=zone): random_schedule(dice, zone, around)
        for _ in range(2)
    }
    kind = make_type(
        organisation=organisation,
        doctors=doctors,
        duration_minutes=visit.duration,
        slot_interval_minutes=visit.interval,
        buffer_before_minutes=visit.before,
        buffer_after_minutes=visit.after,
    )
    start, end = to_epoch(now) + 1, to_epoch(now) + 8 * 86_400  # nobody books what begins now
    for doctor, schedule in doctors.items():
        store(schedule, doctor)
        book_at_random(dice, doctor, kind, now)

    found = bookable(kind, start=start, end=end, now=now)

    for doctor, schedule in doctors.items():
        of_doctor = [slot.starts_at for slot in found if slot.doctor_uid == doctor.uid]
        assert of_doctor
        assert of_doctor == in_postgresql(schedule, visit, start, end, doctor=doctor.pk, now=now)
