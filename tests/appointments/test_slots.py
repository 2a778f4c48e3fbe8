"""What is bookable: the predicate that slot list, hold and rebook share. NOW is a Monday, 08:00 UTC."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment, AppointmentType
from appointments.openings import rebooking_openings
from appointments.slots import Slot, bookable, judge, next_available, starts_by_doctor
from appointments.status import Status
from availability.models import BookingStop, TimeOff
from common.clock import from_epoch, to_epoch
from organisations.models import Doctor, Organisation
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_window,
    open_all_week,
)

pytestmark = pytest.mark.django_db
DAY = 86_400
TEN = datetime(2027, 3, 1, 10, 0, tzinfo=UTC)


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def doctor(clinic: Organisation) -> Doctor:
    """Open on Mondays from 09:00 to 12:00 UTC."""
    doctor = make_doctor(organisation=clinic, timezone="UTC")
    make_window(doctor=doctor, start="09:00", end="12:00")
    return doctor


@pytest.fixture
def kind(clinic: Organisation, doctor: Doctor) -> AppointmentType:
    return make_type(organisation=clinic, doctors=[doctor], duration_minutes=60)


def listed(kind: AppointmentType, **more: Any) -> list[str]:
    """The local-less `HH:MM` of today's slots."""
    found = bookable(
        kind, start=to_epoch(NOW), end=to_epoch(NOW) + DAY // 2, now=more.pop("now", NOW), **more
    )
    return [from_epoch(slot.starts_at).strftime("%H:%M") for slot in found]


def book(doctor: Doctor, kind: AppointmentType, at: datetime, **fields: Any) -> Appointment:
    patient = make_patient(shop=make_shop(organisation=doctor.organisation))
    return make_appointment(
        patient=patient, doctor=doctor, appointment_type=kind, starts_at=at, **fields
    )


def test_a_slot_names_its_start_its_end_and_its_doctor(
    kind: AppointmentType, doctor: Doctor
) -> None:
    nine = to_epoch(NOW) + 3600
    assert bookable(kind, start=nine, end=nine + 3600, now=NOW) == [
        Slot(nine, nine + 3600, doctor.uid)
    ]
    assert listed(kind) == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize(
    ("status", "is_free"),
    [
        (Status.HELD, False),
        (Status.CONFIRMED, False),
        (Status.CANCELLED, True),
        (Status.EXPIRED, True),
        (Status.COMPLETED, True),
        (Status.NO_SHOW, True),
    ],
)
def test_only_held_and_confirmed_visits_take_time(
    kind: AppointmentType, doctor: Doctor, status: Status, is_free: bool
) -> None:
    book(doctor, kind, TEN, status=status)

    assert ("10:00" in listed(kind)) is is_free
    verdict = judge(kind, starts_at=TEN, now=NOW)
    assert verdict.free == ([doctor] if is_free else [])
    assert verdict.busy == ([] if is_free else [doctor])
    assert verdict.reason == ""


def test_a_hold_is_free_at_the_moment_it_runs_out(kind: AppointmentType, doctor: Doctor) -> None:
    runs_out = NOW + timedelta(minutes=15)
    book(doctor, kind, TEN, status=Status.HELD, hold_expires_at=runs_out)

    assert "10:00" not in listed(kind, now=runs_out - timedelta(microseconds=1))
    assert "10:00" in listed(kind, now=runs_out)


def test_the_buffers_of_both_neighbours_count(clinic: Organisation, doctor: Doctor) -> None:
    padded = make_type(
        organisation=clinic,
        doctors=[doctor],
        duration_minutes=30,
        slot_interval_minutes=10,
        buffer_before_minutes=10,
        buffer_after_minutes=20,
    )
    book(doctor, padded, TEN)  # takes 09:50 to 10:50

    assert listed(padded) == [
        "09:00",  # ends 09:30, padded until 09:50
        "11:00",  # padded from 10:50
        "11:10",
        "11:20",
        "11:30",
    ]


def test_a_visit_before_the_range_whose_buffer_reaches_in_blocks(
    clinic: Organisation, doctor: Doctor, kind: AppointmentType
) -> None:
    long = make_type(
        organisation=clinic, doctors=[doctor], duration_minutes=480, buffer_after_minutes=240
    )
    book(doctor, long, TEN - timedelta(hours=11, minutes=30))  # takes until 10:30

    assert bookable(kind, start=to_epoch(TEN), end=to_epoch(TEN) + 3600, now=NOW) == []
    assert listed(kind) == ["11:00"]


def test_the_notice_allows_a_start_exactly_then(kind: AppointmentType) -> None:
    kind.min_booking_notice_minutes = 120

    assert listed(kind, now=NOW) == ["10:00", "11:00"]
    assert listed(kind, now=NOW + timedelta(microseconds=1)) == ["11:00"]
    assert judge(kind, starts_at=TEN, now=NOW + timedelta(microseconds=1)).reason == "notice"


def test_what_begins_now_is_not_offered_for_a_hold_would_be_over_at_once(
    kind: AppointmentType,
) -> None:
    assert listed(kind, now=TEN - timedelta(seconds=1))[0] == "10:00"
    assert listed(kind, now=TEN)[0] == "11:00"
    assert judge(kind, starts_at=TEN, now=TEN).reason == "notice"


def test_the_horizon_allows_a_start_exactly_then(kind: AppointmentType, doctor: Doctor) -> None:
    kind.booking_horizon_days = 14
    edge = TEN + timedelta(days=14)

    at_ten = bookable(kind, start=to_epoch(TEN), end=to_epoch(TEN) + 400 * DAY, now=TEN)
    assert at_ten[-1].starts_at == to_epoch(edge)
    assert judge(kind, starts_at=edge, now=TEN).free == [doctor]
    assert judge(kind, starts_at=edge, now=TEN - timedelta(seconds=1)).reason == "horizon"


def test_what_is_deactivated_offers_nothing(
    clinic: Organisation, kind: AppointmentType, doctor: Doctor
) -> None:
    for row in (doctor, kind, clinic):
        row.is_active = False
        row.save()
        assert listed(kind) == []
        assert judge(kind, starts_at=TEN, now=NOW).reason == "not_offered"
        assert next_available(kind, after=to_epoch(NOW), now=NOW) is None
        row.is_active = True
        row.save()
    assert judge(kind, starts_at=TEN, now=NOW).free == [doctor]


def test_a_doctor_who_does_not_offer_the_type_is_not_offered(
    clinic: Organisation, kind: AppointmentType
) -> None:
    other = make_doctor(organisation=clinic, timezone="UTC")
    open_all_week(other)

    assert listed(kind, doctor=other) == []
    assert judge(kind, starts_at=TEN, now=NOW, doctor=other).reason == "not_offered"


def test_a_stopped_doctor_offers_nothing_until_the_stop_ends(
    kind: AppointmentType, doctor: Doctor
) -> None:
    stop = BookingStop.objects.create(
        organisation=doctor.organisation,
        doctor=doctor,
        reason="Leave",
        until=NOW + timedelta(minutes=30),
        created_by="Ada Admin",
        created_at=NOW,
    )
    assert listed(kind) == []
    assert judge(kind, starts_at=TEN, now=NOW).reason == "stopped"
    assert "10:00" in listed(kind, now=NOW + timedelta(minutes=30))

    stop.until, stop.lifted_at = None, NOW
    stop.save()
    assert "10:00" in listed(kind)


def test_time_off_closes_but_moves_no_grid(kind: AppointmentType, doctor: Doctor) -> None:
    TimeOff.objects.create(
        organisation=doctor.organisation,
        doctor=doctor,
        start_date=NOW.date(),
        start_minute=9 * 60 + 30,
        end_date=NOW.date(),
        end_minute=10 * 60,
    )
    assert listed(kind) == ["10:00", "11:00"]
    nine = NOW + timedelta(hours=1)
    assert judge(kind, starts_at=nine, now=NOW).reason == "time_off"


def test_a_buffer_may_lie_outside_the_hours(clinic: Organisation, doctor: Doctor) -> None:
    padded = make_type(
        organisation=clinic,
        doctors=[doctor],
        duration_minutes=60,
        buffer_before_minutes=30,
        buffer_after_minutes=30,
    )
    assert listed(padded) == ["09:00", "10:00", "11:00"]


def test_the_reasons_in_their_order(kind: AppointmentType, doctor: Doctor) -> None:
    kind.booking_horizon_days = 7

    def reason(at: datetime) -> str:
        return judge(kind, starts_at=at, now=NOW, doctor=doctor).reason

    assert reason(TEN - timedelta(days=7)) == "notice"
    assert reason(TEN + timedelta(days=14)) == "horizon"
    assert reason(TEN + timedelta(hours=1, minutes=30)) == "outside_hours"  # ends at 12:30
    assert reason(TEN + timedelta(minutes=30)) == "off_grid"
    assert reason(TEN + timedelta(microseconds=1)) == "off_grid"
    assert reason(datetime(1970, 1, 1, tzinfo=UTC)) == "notice"
    assert reason(datetime(2100, 1, 1, tzinfo=UTC)) == "horizon"


def test_of_several_doctors_the_reason_is_the_one_who_came_nearest(
    clinic: Organisation, doctor: Doctor, kind: AppointmentType
) -> None:
    kind.offers.create(organisation=clinic, doctor=make_doctor(organisation=clinic, timezone="UTC"))
    half_past_ten = TEN + timedelta(minutes=30)

    assert judge(kind, starts_at=half_past_ten, now=NOW).reason == "off_grid"


def test_a_rebook_leaves_its_own_time_out(kind: AppointmentType, doctor: Doctor) -> None:
    visit = book(doctor, kind, TEN)

    assert listed(kind) == ["09:00", "11:00"]
    assert listed(kind, leaving_out=visit) == ["09:00", "10:00", "11:00"]
    assert judge(kind, starts_at=TEN, now=NOW, leaving_out=visit).free == [doctor]


def test_every_door_still_moves_a_visit_of_a_deactivated_type(
    kind: AppointmentType, doctor: Doctor
) -> None:
    visit = book(doctor, kind, TEN)
    kind.is_active = False
    kind.save()

    moved = rebooking_openings(visit, start=to_epoch(NOW), end=to_epoch(NOW) + DAY, now=NOW)
    assert [slot["starts_at"] for slot in moved.slots] == [
        to_epoch(TEN) - 3600,
        to_epoch(TEN) + 3600,
    ]
    assert listed(kind, leaving_out=visit) == ["09:00", "10:00", "11:00"]
    later = TEN + timedelta(hours=1)
    assert judge(kind, starts_at=later, now=NOW, leaving_out=visit).free == [doctor]


def test_windows_of_different_doctors_never_merge(clinic: Organisation, doctor: Doctor) -> None:
    afternoon = make_doctor(organisation=clinic, timezone="UTC")
    make_window(doctor=afternoon, start="12:00", end="13:00")
    kind = make_type(organisation=clinic, doctors=[doctor, afternoon], duration_minutes=90)

    # Together they are open from 09:00 to 13:00; the hour of the second holds no 90 minutes.
    assert listed(kind) == ["09:00", "10:30"]


def test_an_added_doctor_never_removes_a_slot_and_equal_starts_come_by_doctor(
    clinic: Organisation, doctor: Doctor, kind: AppointmentType
) -> None:
    start, end = to_epoch(NOW), to_epoch(NOW) + 8 * DAY
    before = bookable(kind, start=start, end=end, now=NOW)
    second = make_doctor(organisation=clinic, timezone="Asia/Kathmandu")
    open_all_week(second)
    book(second, kind, TEN + timedelta(minutes=15))
    kind.offers.create(organisation=clinic, doctor=second)

    after = bookable(kind, start=start, end=end, now=NOW)

    assert set(before) < set(after)
    assert after == sorted(after, key=lambda slot: (slot.starts_at, slot.doctor_uid))
    assert len(after) == len(set(after))


def test_one_doctors_visit_does_not_block_another(
    clinic: Organisation, doctor: Doctor, kind: AppointmentType
) -> None:
    second = make_doctor(organisation=clinic, timezone="UTC")
    make_window(doctor=second, start="09:00", end="12:00")
    kind.offers.create(organisation=clinic, doctor=second)
    book(doctor, kind, TEN)

    verdict = judge(kind, starts_at=TEN, now=NOW)

    assert (verdict.free, verdict.busy) == ([second], [doctor])


def test_three_statements_for_one_doctor_and_a_day_or_thirty_and_a_month(
    clinic: Organisation, doctor: Doctor, kind: AppointmentType
) -> None:
    start = to_epoch(NOW)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert bookable(kind, start=start, end=start + DAY, now=NOW)
    for number in range(29):
        extra = make_doctor(organisation=clinic, timezone="UTC", display_name=f"Dr {number}")
        open_all_week(extra)
        kind.offers.create(organisation=clinic, doctor=extra)
        book(extra, kind, TEN + timedelta(days=number))
    with CaptureQueriesContext(connection) as many:
        found = bookable(kind, start=start, end=start + 31 * DAY, now=NOW)

    assert len(found) > 20_000
    assert (len(few), len(many)) == (3, 3)
    with CaptureQueriesContext(connection) as judged:
        assert judge(kind, starts_at=TEN, now=NOW).free
    assert len(judged) == 3


def test_an_endless_range_is_cut_at_the_horizon(kind: AppointmentType) -> None:
    found = bookable(kind, start=-(10**12), end=10**15, now=NOW)

    assert len(found) == 3 * 9  # nine Mondays within 60 days
    assert bookable(kind, start=10**14, end=10**15, now=NOW) == []


def test_starts_by_doctor_are_the_same_slots(kind: AppointmentType, doctor: Doctor) -> None:
    start, end = to_epoch(NOW), to_epoch(NOW) + 10 * DAY
    slots = bookable(kind, start=start, end=end, now=NOW)

    assert starts_by_doctor(kind, start=start, end=end, now=NOW) == {
        doctor.uid: [slot.starts_at for slot in slots]
    }


def test_next_available_is_the_first_slot_within_the_horizon(
    kind: AppointmentType, doctor: Doctor
) -> None:
    next_monday = to_epoch(TEN) + 7 * DAY - 3600
    tuesday = to_epoch(NOW) + DAY

    assert next_available(kind, after=tuesday, now=NOW) == next_monday
    assert next_available(kind, after=next_monday, now=NOW) == next_monday
    assert next_available(kind, after=0, now=NOW) == to_epoch(NOW) + 3600
    assert next_available(kind, after=to_epoch(NOW) + 61 * DAY, now=NOW) is None
    for hour in range(3):
        book(doctor, kind, from_epoch(next_monday) + timedelta(hours=hour))
    assert next_available(kind, after=tuesday, now=NOW) == next_monday + 7 * DAY


def test_next_available_stays_cheap_over_a_long_empty_stretch(
    clinic: Organisation, doctor: Doctor
) -> None:
    kind = make_type(organisation=clinic, doctors=[doctor], booking_horizon_days=730)
    BookingStop.objects.create(
        organisation=clinic, doctor=doctor, reason="Leave", created_by="Ada", created_at=NOW
    )
    with CaptureQueriesContext(connection) as queries:
        assert next_available(kind, after=0, now=NOW) is None
    assert len(queries) == 2


def test_every_start_that_is_listed_is_judged_free_and_no_other(
    clinic: Organisation, doctor: Doctor
) -> None:
    kind = make_type(
        organisation=clinic,
        doctors=[doctor],
        duration_minutes=20,
        slot_interval_minutes=15,
        buffer_before_minutes=5,
        min_booking_notice_minutes=75,
    )
    book(doctor, kind, TEN)
    slots = {slot.starts_at for slot in bookable(kind, start=0, end=to_epoch(NOW) + DAY, now=NOW)}

    for minute in range(0, 300, 5):
        at = NOW + timedelta(minutes=minute)
        assert bool(judge(kind, starts_at=at, now=NOW).free) == (to_epoch(at) in slots), at
    assert slots
