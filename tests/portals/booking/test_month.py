"""The month as the patient's own calendar shows it: days of their zone, around midnight and clock changes too."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from appointments.models import AppointmentType
from availability.models import Weekday
from common.clock import from_epoch
from organisations.models import Doctor
from portals.booking.month import Day, Month, Search, month_of
from portals.booking.wishes import Wish
from tests.factories import NOW, make_doctor, make_organisation, make_type, make_window

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation())


def kind_of(doctor: Doctor, **fields: Any) -> AppointmentType:
    return make_type(organisation=doctor.organisation, doctors=[doctor], **fields)


def shown(
    kind: AppointmentType,
    *,
    zone: str = "Europe/Berlin",
    now: datetime = NOW,
    taken: datetime | None = None,
    **given: str,
) -> Month:
    wish = Wish([kind], kind, (), None, True, given)
    return month_of(wish, Search(kind, None, zone, now), taken)


def free_days(month: Month) -> list[int]:
    return [day.number for day in all_days(month) if day.url]


def all_days(month: Month) -> list[Day]:
    return [day for week in month.weeks for day in week if day]


def labels(month: Month) -> dict[str, list[str]]:
    return {part.name: [time.label for time in part.times] for part in month.parts}


def test_it_opens_on_the_first_day_with_a_free_time(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY, start="09:00", end="10:00")

    month = shown(kind_of(doctor))

    assert (month.title, month.shown) == ("March 2027", "Wednesday, 3 March 2027")
    assert free_days(month) == [3, 10, 17, 24, 31]
    assert [day.number for day in all_days(month) if day.is_shown] == [3]
    assert labels(month) == {"Morning": ["09:00", "09:30"]}
    assert (month.earlier_url, month.later_url) == ("", "/book/choose?month=2027-04")


def test_it_opens_in_a_later_month_when_this_one_has_nothing(
    doctor: Doctor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_window(doctor=doctor, weekday=Weekday.MONDAY, valid_from=date(2027, 4, 20))
    kind = kind_of(doctor)

    with django_assert_num_queries(8):
        month = shown(kind)

    assert (month.title, month.shown) == ("April 2027", "Monday, 26 April 2027")
    assert month.earlier_url == "/book/choose?month=2027-03"


def test_an_empty_month_offers_the_next_free_day(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.MONDAY, valid_from=date(2027, 4, 20))

    month = shown(kind_of(doctor), month="2027-03")

    assert month.is_empty
    assert (month.shown, month.parts) == ("", [])
    assert month.next_free == "Monday, 26 April 2027"
    assert month.next_free_url == "/book/choose?day=2027-04-26"


def test_a_preset_day_without_a_time_stays_and_offers_the_next(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY)

    month = shown(kind_of(doctor), day="2027-03-08")

    assert (month.shown, month.parts) == ("Monday, 8 March 2027", [])
    assert month.next_free == "Wednesday, 10 March 2027"


def test_where_nothing_is_free_at_all_nothing_is_promised(doctor: Doctor) -> None:
    month = shown(kind_of(doctor))

    assert month.is_empty
    assert (month.next_free, month.next_free_url) == ("", "")


def test_a_month_beyond_the_horizon_or_in_the_past_is_the_nearest_there_is(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY)
    kind = kind_of(doctor, booking_horizon_days=60)

    assert shown(kind, month="2031-01").title == "April 2027"
    assert shown(kind, month="2031-01").later_url == ""
    assert shown(kind, month="2019-01").title == "March 2027"


def test_weeks_begin_on_monday_and_those_that_are_over_are_left_out(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY)
    now = datetime(2027, 3, 18, 8, tzinfo=UTC)

    month = shown(kind_of(doctor), now=now)

    assert [weekday.name for weekday in month.weekdays][::6] == ["Monday", "Sunday"]
    assert all(len(week) == 7 for week in month.weeks)
    assert [day.number for day in all_days(month)] == list(range(15, 32))
    assert [day.number for day in all_days(month) if day.is_today] == [18]


def test_a_day_says_in_full_how_many_times_are_free(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY, start="09:00", end="09:30")
    make_window(doctor=doctor, weekday=Weekday.FRIDAY, start="09:00", end="10:00")

    says = {day.number: day.label for day in all_days(shown(kind_of(doctor)))}

    assert says[3] == "Wednesday, 3 March 2027, 1 free time"
    assert says[5] == "Friday, 5 March 2027, 2 free times"
    assert says[6] == "Saturday, 6 March 2027, nothing free"


def test_the_evening_of_a_doctor_in_new_york_is_the_next_day_in_berlin(doctor: Doctor) -> None:
    Doctor.objects.update(timezone="America/New_York")
    doctor.refresh_from_db()
    make_window(doctor=doctor, weekday=Weekday.TUESDAY, start="17:00", end="20:00")
    kind = kind_of(doctor, duration_minutes=60)

    tuesday = shown(kind, day="2027-03-02")
    wednesday = shown(kind, day="2027-03-03")

    assert labels(tuesday) == {"Evening": ["23:00"]}
    assert labels(wednesday) == {"Night": ["00:00", "01:00"]}
    first = wednesday.parts[0].times[0].value
    assert from_epoch(first) == datetime(2027, 3, 2, 23, tzinfo=UTC)


def test_between_two_clock_changes_the_hour_differs_and_each_day_is_right(doctor: Doctor) -> None:
    """New York changes on 14 March 2027, Berlin on 28 March."""
    Doctor.objects.update(timezone="America/New_York")
    doctor.refresh_from_db()
    make_window(doctor=doctor, weekday=Weekday.TUESDAY, start="18:00", end="19:00")
    kind = kind_of(doctor, duration_minutes=60)

    assert free_days(shown(kind)) == [3, 10, 16, 23, 31]
    assert labels(shown(kind, day="2027-03-10")) == {"Night": ["00:00"]}
    assert labels(shown(kind, day="2027-03-16")) == {"Evening": ["23:00"]}
    assert labels(shown(kind, day="2027-03-31")) == {"Night": ["00:00"]}


def test_the_hour_that_the_clocks_repeat_is_told_apart(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.SUNDAY, start="01:00", end="04:00")
    kind = kind_of(doctor, duration_minutes=60)
    now = datetime(2027, 10, 20, tzinfo=UTC)

    autumn = shown(kind, now=now, day="2027-10-31")

    assert labels(autumn) == {"Night": ["01:00", "02:00 CEST", "02:00 CET", "03:00"]}
    starts = [time.value for part in autumn.parts for time in part.times]
    assert [later - earlier for earlier, later in pairwise(starts)] == [3600] * 3


def test_the_hour_that_the_clocks_skip_does_not_exist(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.SUNDAY, start="01:00", end="05:00")
    kind = kind_of(doctor, duration_minutes=60)

    assert labels(shown(kind, day="2027-03-28")) == {"Night": ["01:00", "03:00", "04:00"]}


def test_a_day_whose_midnight_is_skipped_begins_at_its_first_hour(doctor: Doctor) -> None:
    """In Cairo clocks go from 23:59 to 01:00 on 30 April 2027."""
    Doctor.objects.update(timezone="UTC")
    doctor.refresh_from_db()
    make_window(doctor=doctor, weekday=Weekday.THURSDAY, start="21:00", end="23:00")
    kind = kind_of(doctor, duration_minutes=60)

    assert labels(shown(kind, zone="Africa/Cairo", day="2027-04-29")) == {"Evening": ["23:00"]}
    assert labels(shown(kind, zone="Africa/Cairo", day="2027-04-30")) == {"Night": ["01:00"]}


def test_the_nearest_free_times_name_their_day_where_it_is_another(doctor: Doctor) -> None:
    make_window(doctor=doctor, weekday=Weekday.WEDNESDAY, start="09:00", end="09:30")
    make_window(doctor=doctor, weekday=Weekday.THURSDAY, start="09:00", end="10:00")
    taken = datetime(2027, 3, 4, 10, tzinfo=UTC)

    month = shown(kind_of(doctor), taken=taken)

    assert [time.label for time in month.nearest] == ["Wed 3 Mar, 09:00", "09:00", "09:30"]
    assert [from_epoch(time.value).day for time in month.nearest] == [3, 4, 4]


def test_every_time_on_the_page_is_one_the_slot_list_offers(doctor: Doctor) -> None:
    for weekday in Weekday.values:
        make_window(doctor=doctor, weekday=weekday, start="00:00", end="24:00")
    kind = kind_of(doctor)
    search = Search(kind, None, "Pacific/Auckland", NOW)

    days = search.days(date(2027, 4, 1))
    by_day = [days.of(date(2027, 4, 1) + timedelta(days=day)) for day in range(days.count)]

    assert [start for starts in by_day for start in starts] == list(days.starts)
    # Auckland's clocks go back on 4 April 2027: a day of 25 hours.
    assert [len(starts) for starts in by_day][:5] == [48, 48, 48, 50, 48]
