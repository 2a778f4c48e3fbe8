"""The week as a view-model: days, bars that a night divides, validity dates, the hours in force."""

from datetime import date

import pytest

from availability.models import AvailabilityWindow, Weekday
from organisations.models import Doctor
from portals.week import Bar, week_of
from tests.factories import make_doctor, make_organisation, make_window

pytestmark = pytest.mark.django_db
TODAY = date(2027, 3, 1)


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation())


def windows() -> list[AvailabilityWindow]:
    return list(AvailabilityWindow.objects.all())


def test_a_week_has_seven_days_from_the_first_weekday_asked_for(doctor: Doctor) -> None:
    week = week_of([], today=TODAY, first_weekday=Weekday.SUNDAY)
    assert [day.name for day in week.days][:2] == ["Sunday", "Monday"]
    assert len(week.days) == 7
    assert week.is_empty
    assert week.total == ""


def test_a_night_is_listed_once_and_drawn_on_both_days(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.SUNDAY, start="22:00", end="02:00")
    week = week_of(windows(), today=TODAY)
    title = "Sunday 22:00–02:00 (next day)"
    assert [listed.hours for listed in week.days[6].windows] == ["22:00–02:00 (next day)"]
    assert week.days[0].windows == []
    assert week.days[6].bars == [Bar(1320, 120, title, "now")]
    assert week.days[0].bars == [Bar(0, 120, title, "now")]
    assert week.total == "4 h"


def test_a_window_to_midnight_does_not_reach_into_the_next_day(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.MONDAY, start="00:00", end="24:00")
    week = week_of(windows(), today=TODAY)
    assert [(bar.start, bar.length) for bar in week.days[0].bars] == [(0, 1440)]
    assert week.days[1].bars == []


def test_only_windows_in_force_today_count(doctor: Doctor) -> None:
    make_window(doctor=doctor, start="09:00", end="09:45", valid_from=TODAY, valid_until=TODAY)
    make_window(doctor=doctor, start="10:00", end="11:00", valid_from=date(2027, 3, 2))
    make_window(doctor=doctor, start="12:00", end="13:00", valid_until=date(2027, 2, 28))
    week = week_of(windows(), today=TODAY)
    assert [(listed.force, listed.validity) for listed in week.days[0].windows] == [
        ("now", "from 1 Mar 2027 until 1 Mar 2027"),
        ("later", "from 2 Mar 2027"),
        ("over", "until 28 Feb 2027"),
    ]
    assert week.total == "45 min"
