"""Overrides, time off and stopped bookings: what may be stored, and what the database refuses itself."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from availability import editing
from availability.errors import AlreadyExists, Invalid, Stale
from availability.models import AvailabilityOverride, BookingStop, TimeOff
from availability.values import OverrideValues, TimeOffValues
from organisations.models import AuditEntry, Doctor
from tests.factories import ADMIN, DOCTOR, NOW, make_doctor, make_organisation

pytestmark = pytest.mark.django_db
DAY = date(2027, 3, 2)


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation())


def set_hours(doctor: Doctor, *hours: tuple[int, int]) -> AvailabilityOverride:
    return editing.set_override(doctor, OverrideValues(DAY, hours), actor=DOCTOR, now=NOW)


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("id").values_list("action", flat=True))


def test_an_override_is_stored_in_order_with_a_night_on_the_next_day(doctor: Doctor) -> None:
    override = set_hours(doctor, (1320, 120), (540, 720), (720, 780))

    override.refresh_from_db()
    assert override.hours == [[540, 720], [720, 780], [1320, 1560]]


def test_a_date_has_one_override_and_the_same_again_writes_nothing(doctor: Doctor) -> None:
    first = set_hours(doctor, (540, 720))
    again = set_hours(doctor, (540, 720))
    closed = set_hours(doctor)

    assert (again.updated_at, closed.pk) == (first.updated_at, first.pk)
    assert AvailabilityOverride.objects.get().hours == []
    assert actions() == ["availability_override.set"] * 2


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        (((540, 720), (660, 780)), "hours"),
        (((540, 540),), "end_time"),
        (((0, 1440), (600, 660)), "hours"),
        (((-5, 60),), "start_time"),
    ],
)
def test_hours_that_cannot_be_are_refused(
    doctor: Doctor, hours: tuple[tuple[int, int], ...], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        set_hours(doctor, *hours)

    assert refusal.value.field == field


def test_a_date_that_has_its_own_hours_gets_no_second_ones(doctor: Doctor) -> None:
    values = OverrideValues(date(2027, 3, 8), ((540, 720),))
    first = editing.add_override(doctor, values, actor=ADMIN, now=NOW)

    with pytest.raises(AlreadyExists):
        editing.add_override(doctor, OverrideValues(values.date), actor=ADMIN, now=NOW)

    assert AvailabilityOverride.objects.get() == first
    assert OverrideValues.of(AvailabilityOverride.objects.get()) == values
    assert actions() == ["availability_override.set"]


@pytest.mark.parametrize("day", [date.min, date(1969, 12, 31), date(2100, 1, 1), date.max])
def test_dates_that_are_no_instants_of_the_contract_are_refused(doctor: Doctor, day: date) -> None:
    """A time off until 9999 could be stored, and then no slot of the doctor computed."""
    ordinary = date(2027, 3, 8)
    first, last = min(day, ordinary), max(day, ordinary)
    wrong: list[tuple[str, OverrideValues | TimeOffValues]] = [
        ("date", OverrideValues(day)),
        ("start_date" if day < ordinary else "end_date", TimeOffValues(first, last)),
    ]
    for field, values in wrong:
        with pytest.raises(Invalid, match="from 1970 to 2099") as refusal:
            values.checked()
        assert refusal.value.field == field
    widest = TimeOffValues(date(1970, 1, 1), date(2099, 12, 31))
    assert widest.checked() == widest


def test_an_override_somebody_else_changed_is_stale(doctor: Doctor) -> None:
    seen = set_hours(doctor, (540, 720))
    set_hours(doctor, (600, 720))

    with pytest.raises(Stale):
        editing.set_override(
            doctor, OverrideValues(DAY), actor=DOCTOR, now=NOW, expected=seen.updated_at
        )
    with pytest.raises(Stale):
        editing.remove_override(seen, actor=DOCTOR, now=NOW, expected=seen.updated_at)


def test_an_override_moves_to_another_date_that_is_free(doctor: Doctor) -> None:
    by: dict[str, Any] = {"actor": DOCTOR, "now": NOW}
    mine, other = set_hours(doctor, (540, 720)), date(2027, 3, 9)
    taken = editing.set_override(doctor, OverrideValues(date(2027, 3, 16)), **by)
    same = editing.change_override(mine, OverrideValues.of(mine), **by)
    moved = editing.change_override(mine, OverrideValues(other, ((600, 720),)), **by)

    assert same.updated_at == mine.updated_at
    assert (moved.pk, moved.date, moved.hours) == (mine.pk, other, [[600, 720]])
    assert actions() == [
        f"availability_override.{each}" for each in ("set", "set", "removed", "set")
    ]
    with pytest.raises(AlreadyExists):
        editing.change_override(moved, OverrideValues(taken.date), **by)
    with pytest.raises(Stale):
        editing.change_override(mine, OverrideValues(DAY), **by, expected=mine.updated_at)
    with pytest.raises(Invalid):
        editing.change_override(moved, OverrideValues(date.max), **by)
    moved.refresh_from_db()
    assert moved.date == other


def test_a_removed_override_can_be_set_again(doctor: Doctor) -> None:
    values = editing.remove_override(set_hours(doctor, (540, 720)), actor=DOCTOR, now=NOW)

    assert not AvailabilityOverride.objects.exists()
    assert OverrideValues.of(set_hours(doctor, *values.hours)) == values


span = st.tuples(st.integers(-60, 1500), st.integers(-60, 2940))


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.one_of(span, st.sampled_from([(0, 600), (600, 900), (900, 2000)])), max_size=3))
def test_the_database_accepts_exactly_the_hours_that_are_valid_as_stored(
    doctor: Doctor, hours: list[tuple[int, int]]
) -> None:
    wanted = OverrideValues(DAY, tuple(hours))
    try:
        is_valid = wanted.checked() == wanted  # neither refused nor put into another form
    except Invalid:
        is_valid = False

    assert (
        _is_accepted(
            lambda: AvailabilityOverride.objects.create(
                organisation=doctor.organisation, doctor=doctor, date=DAY, hours=hours
            )
        )
        == is_valid
    )


@pytest.mark.parametrize("hours", ["{540,720}", "{{540,NULL}}", "{{1,2,3}}", "[0:0][0:1]={{1,2}}"])
def test_the_database_refuses_hours_that_are_no_pairs(doctor: Doctor, hours: str) -> None:
    override = set_hours(doctor)
    with pytest.raises(IntegrityError, match="override_hours_are_valid"), connection.cursor() as c:
        c.execute(
            "UPDATE availability_availabilityoverride SET hours = %s::smallint[] WHERE id = %s",
            [hours, override.pk],
        )


def _is_accepted(work: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            work()
            transaction.set_rollback(True)
    except IntegrityError as error:
        if "override_hours_are_valid" not in str(error):
            raise
        return False
    return True


def add(doctor: Doctor, values: TimeOffValues) -> TimeOff:
    return editing.add_time_off(doctor, values, actor=DOCTOR, now=NOW)


def test_time_off_may_overlap_and_ends_at_midnight_of_its_last_date(doctor: Doctor) -> None:
    whole = add(doctor, TimeOffValues(DAY, DAY))
    until_midnight = add(doctor, TimeOffValues(DAY, DAY + timedelta(days=1), 720, 0))

    assert (whole.start_minute, whole.end_minute) == (0, 1440)
    assert (until_midnight.end_date, until_midnight.end_minute) == (DAY, 1440)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (TimeOffValues(DAY, DAY - timedelta(days=1)), "end_date"),
        (TimeOffValues(DAY, DAY, 600, 600), "end_date"),
        (TimeOffValues(DAY, DAY, 0, 0), "end_date"),
        (TimeOffValues(DAY, DAY, 1440), "start_time"),
        (TimeOffValues(DAY, DAY, 0, 1441), "end_time"),
        (TimeOffValues(DAY, DAY, note="x" * 201), "note"),
    ],
)
def test_time_off_that_cannot_be_is_refused(
    doctor: Doctor, values: TimeOffValues, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add(doctor, values)

    assert refusal.value.field == field


def test_time_off_is_changed_and_removed_once_and_its_note_is_not_audited(doctor: Doctor) -> None:
    time_off = add(doctor, TimeOffValues(DAY, DAY, note="surgery"))
    longer = TimeOffValues(DAY, DAY + timedelta(days=2), note="surgery")

    changed = editing.change_time_off(
        time_off, longer, actor=DOCTOR, now=NOW, expected=time_off.updated_at
    )
    editing.change_time_off(changed, longer, actor=DOCTOR, now=NOW)  # the same: nothing written
    with pytest.raises(Stale):
        editing.change_time_off(
            time_off, longer, actor=DOCTOR, now=NOW, expected=time_off.updated_at
        )
    assert editing.remove_time_off(changed, actor=DOCTOR, now=NOW) == longer
    with pytest.raises(Stale):
        editing.remove_time_off(changed, actor=DOCTOR, now=NOW)
    assert actions() == ["time_off.added", "time_off.changed", "time_off.removed"]
    assert "surgery" not in str(list(AuditEntry.objects.values_list("details", flat=True)))


def test_a_new_stop_takes_the_place_of_the_one_in_force(doctor: Doctor) -> None:
    first = editing.stop_bookings(doctor, reason="Leave", actor=ADMIN, now=NOW)
    later = NOW + timedelta(hours=1)
    second = editing.stop_bookings(
        doctor, reason=" Ill ", until=later + timedelta(days=1), actor=ADMIN, now=later
    )

    first.refresh_from_db()
    assert (first.lifted_at, second.lifted_at, second.reason) == (later, None, "Ill")


def test_lifting_says_whether_there_was_a_stop(doctor: Doctor) -> None:
    assert not editing.lift_stop(doctor, actor=ADMIN, now=NOW)
    editing.stop_bookings(doctor, reason="Leave", actor=ADMIN, now=NOW)

    assert editing.lift_stop(doctor, actor=ADMIN, now=NOW)
    assert not BookingStop.objects.filter(lifted_at=None).exists()
    assert actions() == ["bookings.stopped", "bookings.stop_lifted"]


def test_a_stop_needs_a_reason_and_a_time_to_come(doctor: Doctor) -> None:
    for reason, until, field in (
        ("  ", None, "reason"),
        ("x" * 501, None, "reason"),
        ("Leave", NOW, "until"),
    ):
        with pytest.raises(Invalid) as refusal:
            editing.stop_bookings(doctor, reason=reason, until=until, actor=ADMIN, now=NOW)
        assert refusal.value.field == field
