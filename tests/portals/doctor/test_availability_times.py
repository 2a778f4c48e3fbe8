"""Clock changes, midnight and other zones: typed into the editor, and read back from the public API."""

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from organisations import doctors
from organisations.models import Doctor
from tests.factories import DOCTOR, NOW

from .week import Editor, begin, dates, local

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, FRIDAY, SATURDAY, SUNDAY = 0, 1, 4, 5, 6
NEXT_MONDAY = date(2027, 3, 8)
NEW_YORK = "America/New_York"


def test_nine_in_new_york_is_nine_on_every_date_from_march_to_december(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = begin(monkeypatch, timezone=NEW_YORK, booking_horizon_days=400)
    editor.add(SUNDAY, "9", "10")
    first: dict[date, str] = {}
    for begins in dates(date(2027, 3, 7), date(2027, 12, 12), step=28):
        for start, _ in editor.slots(begins, 28):
            found = local(start, NEW_YORK)
            first.setdefault(found.date(), f"{found:%H:%M}")

    assert len(first) == 44
    assert set(first.values()) == {"09:00"}
    assert {date(2027, 3, 14), date(2027, 11, 7)} <= set(first)  # the changes themselves


def test_in_the_spring_gap_no_start_is_listed_that_does_not_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = begin(monkeypatch)
    editor.add(SUNDAY, "1", "4")

    assert editor.starts(date(2027, 3, 28)) == ["01:00", "01:30", "03:00", "03:30"]
    assert {end - start for start, end in editor.slots(date(2027, 3, 28))} == {1800}


def test_in_the_repeated_hour_nothing_overlaps(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = begin(monkeypatch, booking_horizon_days=400)
    editor.add(SUNDAY, "1", "4")
    found = editor.slots(date(2027, 10, 31))

    assert len(found) == 8  # four hours of elapsed time
    assert {end - start for start, end in found} == {1800}
    assert all(one[1] <= other[0] for one, other in pairwise(found))


@pytest.mark.parametrize("timezone", ["Asia/Kolkata", "Asia/Kathmandu"])
def test_hourly_visits_begin_on_the_local_hour(
    monkeypatch: pytest.MonkeyPatch, timezone: str
) -> None:
    editor = begin(monkeypatch, timezone=timezone, duration_minutes=60)
    editor.add(MONDAY, "0900", "12 pm")

    assert editor.starts(NEXT_MONDAY) == ["09:00", "10:00", "11:00"]
    assert {end - start for start, end in editor.slots(NEXT_MONDAY)} == {3600}


def test_a_night_lists_what_runs_over_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = begin(monkeypatch, duration_minutes=60, slot_interval_minutes=30)
    editor.add(MONDAY, "10 pm", "2")

    assert editor.starts(NEXT_MONDAY) == ["22:00", "22:30", "23:00", "23:30"]
    assert editor.starts(NEXT_MONDAY + timedelta(days=1)) == ["00:00", "00:30", "01:00"]


def test_hours_to_midnight_end_with_the_last_visit_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = begin(monkeypatch, duration_minutes=60)
    for typed, weekday in (("24:00", MONDAY), ("0", TUESDAY)):
        editor.add(weekday, "21", typed)

    assert editor.hours() == ["Monday 21:00–24:00", "Tuesday 21:00–24:00"]
    for weekday in (MONDAY, TUESDAY):
        assert editor.starts(NEXT_MONDAY + timedelta(days=weekday))[-1] == "23:00"


def test_a_whole_week_is_seamless(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = begin(monkeypatch, duration_minutes=60)
    editor.add(MONDAY, "0", "24:00")
    response = editor.post("hours-copy", query="?weekday=0", to=["1", "2", "3", "4", "5", "6"])
    assert response.status_code == 302
    found = editor.slots(NEXT_MONDAY, 7)

    assert len(found) == 7 * 24
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_a_friday_night_is_bookable_on_a_saturday_that_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = begin(monkeypatch)
    editor.add(FRIDAY, "22", "6")
    saturday = date(2027, 3, 6)
    editor.post("date-add", date=saturday.isoformat(), kind="closed")

    assert "02:00" in editor.starts(saturday)
    assert editor.starts(saturday)[-1] == "05:30"


def test_a_day_a_week_and_a_month_list_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    editor = begin(monkeypatch)
    editor.add(MONDAY, "22", "2")
    editor.add(TUESDAY, "9:15", "11")
    month = editor.slots(NEXT_MONDAY, 28)
    days = [slot for ahead in range(28) for slot in editor.slots(_after(ahead))]
    weeks = [slot for week in range(4) for slot in editor.slots(_after(7 * week), 7)]

    assert month == days == weeks
    assert len(month) == len(set(month)) == 4 * (8 + 3)


@pytest.mark.parametrize("second", [("11", "13"), ("9", "11")])
def test_hours_that_touch_are_one_and_hours_that_overlap_are_refused(
    monkeypatch: pytest.MonkeyPatch, second: tuple[str, str]
) -> None:
    editor = begin(monkeypatch)
    first = ("9", "11") if second[0] == "11" else ("11", "13")
    assert editor.add(MONDAY, *first).status_code == 302
    assert editor.add(MONDAY, "10:45", "11:30").status_code == 422
    assert editor.add(MONDAY, *second).status_code == 302

    assert editor.hours() == ["Monday 09:00–11:00", "Monday 11:00–13:00"]
    assert len(editor.starts(NEXT_MONDAY)) == 8


def test_validity_dates_are_about_the_date_the_hours_start_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    editor = begin(monkeypatch)
    editor.add(MONDAY, "22", "1", valid_from="2027-03-08", valid_until="2027-03-08")

    assert [len(editor.starts(_after(7 * week), 2)) for week in (-1, 0, 1)] == [0, 6, 0]


class TestDates:
    @pytest.fixture
    def editor(self, monkeypatch: pytest.MonkeyPatch) -> Editor:
        editor = begin(monkeypatch)
        editor.add(MONDAY, "9", "11")
        return editor

    def test_own_hours_replace_the_weekly_ones_and_closed_beats_hours(self, editor: Editor) -> None:
        own: dict[str, Any] = {"date": "2027-03-08", "kind": "own"}
        editor.post("date-add", **own, start_0="6 pm", end_0="19", start_1="20", end_1="2030")
        assert editor.starts(NEXT_MONDAY) == ["18:00", "18:30", "20:00"]

        stored = editor.doctor.availability_overrides.get()
        was = stored.updated_at.isoformat()
        editor.post("date", stored.uid, date="2027-03-08", kind="closed", was=was)
        assert editor.starts(NEXT_MONDAY) == []

        editor.post("date-remove", stored.uid)
        assert editor.starts(NEXT_MONDAY) == ["09:00", "09:30", "10:00", "10:30"]

    def test_overlapping_time_off_is_a_union(self, editor: Editor) -> None:
        for first, last in (("2027-03-07", "2027-03-08"), ("2027-03-08", "2027-03-14")):
            assert editor.post("off-add", start_date=first, end_date=last).status_code == 302

        assert [len(editor.starts(_after(days))) for days in (0, 7)] == [0, 4]

    def test_time_off_keeps_its_dates_in_another_zone(self, editor: Editor) -> None:
        editor.post("off-add", start_date="2027-03-08", end_date="2027-03-08")
        doctors.change_timezone(
            Doctor.objects.get(pk=editor.doctor.pk), timezone=NEW_YORK, actor=DOCTOR, now=NOW
        )

        assert [len(editor.starts(_after(days))) for days in (0, 7)] == [0, 4]

    def test_part_of_a_day_is_closed_to_the_minute(self, editor: Editor) -> None:
        day = {"start_date": "2027-03-08", "end_date": "2027-03-08"}
        editor.post("off-add", **day, start_time="9:30", end_time="10:00")

        assert editor.starts(NEXT_MONDAY) == ["09:00", "10:00", "10:30"]


def _after(days: int) -> date:
    return NEXT_MONDAY + timedelta(days=days)
