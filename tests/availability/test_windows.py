"""Local time becomes instants date by date: changes of the clock, midnight, odd offsets, overrides."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from availability.windows import (
    Absence,
    Pattern,
    WeeklyWindow,
    closures,
    expand,
    instant,
    local_date,
)

from .worlds import DAY, every_day, local, local_starts, on, override, starts, utc

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"


@pytest.mark.usefixtures("process_zone")
def test_every_date_from_march_to_december_lists_nine_in_the_morning_first() -> None:
    pattern = every_day(NEW_YORK, "09:00-17:00")

    for number in range(date(2027, 3, 1).toordinal(), date(2027, 12, 31).toordinal()):
        day = date.fromordinal(number).isoformat()
        found = local_starts(pattern, day)
        assert found[0][:16] == f"{day} 09:00"
        assert len(found) == 8


def test_in_the_spring_gap_no_start_is_listed_that_does_not_exist() -> None:
    # 2027-03-14: 02:00 EST becomes 03:00 EDT.
    found = local_starts(every_day(NEW_YORK, "00:00-24:00"), "2027-03-14")

    assert len(found) == 23
    assert found[1:3] == ["2027-03-14 01:00-0500", "2027-03-14 03:00-0400"]


def test_in_the_repeated_hour_starts_are_an_hour_apart_in_elapsed_time() -> None:
    # 2027-11-07: 02:00 EDT becomes 01:00 EST.
    pattern = every_day(NEW_YORK, "00:00-24:00")
    found = starts(pattern, utc("2027-11-07T04:00"), utc("2027-11-08T05:00"))

    assert found == list(range(utc("2027-11-07T04:00"), utc("2027-11-08T05:00"), 3600))
    assert [local(at, NEW_YORK) for at in found[1:3]] == [
        "2027-11-07 01:00-0400",
        "2027-11-07 01:00-0500",
    ]


def test_an_edge_in_the_gap_is_read_with_the_offset_before_the_change() -> None:
    # 02:30 does not exist; with -05:00 it is 07:30Z, 03:30 on the clock.
    found = expand(
        every_day(NEW_YORK, "02:30-05:00"), utc("2027-03-14T05:00"), utc("2027-03-15T04:00")
    )

    assert found == [(utc("2027-03-14T07:30"), utc("2027-03-14T09:00"))]


def test_an_edge_in_the_repeated_hour_is_the_first_of_the_two() -> None:
    found = expand(
        every_day(NEW_YORK, "01:30-03:00"), utc("2027-11-07T04:00"), utc("2027-11-08T05:00")
    )

    assert found == [(utc("2027-11-07T05:30"), utc("2027-11-07T08:00"))]


def test_a_pair_of_edges_that_comes_out_empty_is_no_window_that_day() -> None:
    # 02:30 reads as 07:30Z and 03:00 as 07:00Z on the day of the change.
    pattern = every_day(NEW_YORK, "02:30-03:00")

    assert expand(pattern, utc("2027-03-14T05:00"), utc("2027-03-15T04:00")) == []
    assert len(expand(pattern, utc("2027-03-15T04:00"), utc("2027-03-16T04:00"))) == 1


@pytest.mark.parametrize("day", ["2027-03-14", "2027-11-07"])
@pytest.mark.parametrize("seam", ["01:00", "01:30", "02:00", "02:30"])
def test_windows_that_touch_stay_touching_through_a_change(day: str, seam: str) -> None:
    apart = every_day(NEW_YORK, f"00:00-{seam}", f"{seam}-06:00")
    whole = every_day(NEW_YORK, "00:00-06:00")

    assert local_starts(apart, day, duration=30) == local_starts(whole, day, duration=30)


def test_a_window_over_the_spring_gap_is_an_hour_shorter_in_elapsed_time() -> None:
    assert len(local_starts(every_day(BERLIN, "01:00-05:00"), "2027-03-28")) == 3
    assert len(local_starts(every_day(BERLIN, "01:00-05:00"), "2027-10-31")) == 5


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Eucla"])
def test_hourly_slots_begin_on_the_local_hour_in_zones_of_odd_offsets(zone: str) -> None:
    found = local_starts(every_day(zone, "09:00-12:00"), "2027-05-03")

    assert [at[11:16] for at in found] == ["09:00", "10:00", "11:00"]


def test_a_change_of_half_an_hour_moves_no_local_start() -> None:
    # Lord Howe goes back from +11:00 to +10:30 on 2027-04-04 at 02:00.
    found = local_starts(every_day("Australia/Lord_Howe", "09:00-11:00"), "2027-04-03", days=3)

    assert [at[11:16] for at in found] == ["09:00", "10:00"] * 3


def test_a_midnight_that_does_not_exist_is_read_before_the_change() -> None:
    # Beirut skips 00:00 to 01:00 on 2027-03-28: the date begins at 01:00.
    found = local_starts(every_day("Asia/Beirut", "00:00-03:00"), "2027-03-28")

    assert found == ["2027-03-28 01:00+0300", "2027-03-28 02:00+0300"]


def test_a_window_of_a_date_the_zone_skipped_ends_up_on_the_next() -> None:
    # Samoa had no 30 December 2011. With the offset before (-10:00) its 09:00 is 19:00Z.
    assert instant("Pacific/Apia", date(2011, 12, 30).toordinal(), 540) == utc("2011-12-30T19:00")


def test_the_night_window_lists_a_start_before_midnight_that_ends_after() -> None:
    found = local_starts(every_day(BERLIN, "22:00-02:00"), "2027-05-03", interval=30)

    assert found[-1] == "2027-05-03 23:30+0200"
    assert found[:3] == [
        "2027-05-03 00:00+0200",
        "2027-05-03 00:30+0200",
        "2027-05-03 01:00+0200",
    ]


def test_a_window_to_midnight_ends_with_a_start_at_23() -> None:
    found = local_starts(every_day(BERLIN, "20:00-24:00"), "2027-05-03")

    assert found[-1] == "2027-05-03 23:00+0200"


def test_open_all_week_is_seamless() -> None:
    pattern = every_day(BERLIN, "00:00-24:00")
    start, end = utc("2027-05-02T22:00"), utc("2027-05-09T22:00")

    assert starts(pattern, start, end) == list(range(start, end, 3600))
    # 50 minutes do not divide the day: the last visit runs into the next date, whose grid begins anew.
    assert local_starts(pattern, "2027-05-03", duration=50)[-1] == "2027-05-03 23:20+0200"
    assert local_starts(pattern, "2027-05-04", duration=50)[0] == "2027-05-04 00:00+0200"


def test_a_window_that_ends_at_23_terminates() -> None:
    assert len(local_starts(every_day(BERLIN, "22:00-23:00"), "2027-05-03")) == 1


def test_a_friday_night_reaches_saturday_whatever_saturday_says() -> None:
    closed_saturday = override("2027-05-08")
    pattern = Pattern(BERLIN, on(4, "22:00-06:00") + on(5, "12:00-13:00"), (closed_saturday,))

    found = local_starts(pattern, "2027-05-08")

    assert found == [f"2027-05-08 0{hour}:00+0200" for hour in range(6)]


def test_an_override_replaces_the_windows_that_start_on_its_date() -> None:
    pattern = Pattern(BERLIN, on(0, "09:00-12:00"), (override("2027-05-03", "18:00-20:00"),))

    assert local_starts(pattern, "2027-05-03") == ["2027-05-03 18:00+0200", "2027-05-03 19:00+0200"]
    assert len(local_starts(pattern, "2027-05-10")) == 3


def test_an_override_without_hours_closes_its_date() -> None:
    pattern = Pattern(BERLIN, on(0, "09:00-12:00"), (override("2027-05-03"),))

    assert local_starts(pattern, "2027-05-03") == []


def test_a_night_that_runs_into_an_override_lists_no_start_twice() -> None:
    pattern = Pattern(BERLIN, on(6, "22:00-06:00"), (override("2027-05-03", "05:00-07:00"),))

    found = local_starts(pattern, "2027-05-03", interval=30)

    assert found == sorted(set(found))
    assert found[-3:] == [
        "2027-05-03 05:00+0200",
        "2027-05-03 05:30+0200",
        "2027-05-03 06:00+0200",
    ]


def test_validity_dates_are_inclusive_and_mean_the_date_a_window_starts_on() -> None:
    monday = date(2027, 5, 3).toordinal()
    night = WeeklyWindow(0, 22 * 60, 26 * 60, monday, monday)

    assert [
        len(local_starts(Pattern(BERLIN, (night,)), f"2027-05-{day:02}")) for day in (3, 4)
    ] == [
        2,
        2,
    ]
    assert local_starts(Pattern(BERLIN, (night,)), "2027-05-10", days=2) == []
    assert local_starts(Pattern(BERLIN, (night,)), "2027-04-26", days=2) == []


def test_overlapping_time_off_is_a_union() -> None:
    monday = date(2027, 5, 3).toordinal()
    absences = [Absence(monday, 0, monday + 1, 1440), Absence(monday + 1, 720, monday + 2, 1440)]

    assert closures(BERLIN, absences) == [(utc("2027-05-02T22:00"), utc("2027-05-05T22:00"))]


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles"])
def test_time_off_keeps_its_dates_in_every_zone(zone: str) -> None:
    monday = date(2027, 5, 3).toordinal()
    ((start, end),) = closures(zone, [Absence(monday, 0, monday, 1440)])

    assert local(start, zone)[:16] == "2027-05-03 00:00"
    assert local(end, zone)[:16] == "2027-05-04 00:00"


def test_a_day_a_week_and_a_month_list_the_same_starts_for_the_day() -> None:
    pattern = every_day(NEW_YORK, "22:00-02:00", "09:10-12:00")
    start = utc("2027-03-01T05:00")
    month = starts(pattern, start, start + 31 * DAY, duration=45)

    by_day = [
        at
        for day in range(31)
        for at in starts(pattern, start + day * DAY, start + (day + 1) * DAY, duration=45)
    ]
    by_hour = [
        at
        for hour in range(31 * 24)
        for at in starts(pattern, start + hour * 3600, start + (hour + 1) * 3600, duration=45)
    ]
    assert by_day == by_hour == month


def test_a_start_on_the_edge_of_two_adjacent_queries_is_in_the_second_only() -> None:
    pattern = every_day(BERLIN, "09:00-12:00")
    edge = utc("2027-05-03T08:00")

    assert edge not in starts(pattern, edge - DAY, edge)
    assert starts(pattern, edge, edge + DAY)[0] == edge


@pytest.mark.fuzz
@pytest.mark.parametrize(
    "zone",
    [
        NEW_YORK,
        BERLIN,
        "America/St_Johns",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Australia/Lord_Howe",
        "America/Asuncion",
        "Antarctica/Troll",
        "Pacific/Apia",
        "Asia/Gaza",
    ],
)
def test_the_short_cut_for_steady_days_equals_reading_each_edge(zone: str) -> None:
    info = ZoneInfo(zone)
    for day in range(date(2008, 1, 1).toordinal(), date(2030, 1, 1).toordinal()):
        for minute in (0, 61, 120, 150, 180, 1439, 1440, 2879):
            naive = datetime.fromordinal(day) + timedelta(minutes=minute)
            expected = int(naive.replace(tzinfo=info).timestamp())
            assert instant(zone, day, minute) == expected, (zone, naive)
        assert local_date(zone, instant(zone, day, 720)) in (day, day + 1)
