"""The arithmetic of the dashboard, without a database."""

from datetime import date, timedelta

from portals.clinic.dashboard.numbers import (
    Day,
    Share,
    Tally,
    between,
    minutes_by_day,
    utilisation,
    weeks_until,
)

TODAY = date(2027, 3, 1)
HOUR = 3600


def test_a_share_of_nothing_is_no_zero() -> None:
    assert Share(0, 0).percent is None
    assert Share(0, 0).text == "–"


def test_shares_are_rounded_where_a_tenth_says_nothing() -> None:
    shares = (Share(0, 9), Share(1, 24), Share(1, 3), Share(12, 10))
    assert [share.text for share in shares] == ["0 %", "4.2 %", "33 %", "120 %"]


def test_no_shows_are_counted_among_the_visits_of_which_it_is_known() -> None:
    tally = Tally(held=1, confirmed=5, completed=9, no_show=1, cancelled=4, expired=7)

    assert tally.no_shows == Share(1, 10)
    assert tally.cancellations == Share(4, 19)
    assert tally.planned == 16


def test_days_are_summed_with_both_ends() -> None:
    tallies = {TODAY - timedelta(days=ago): Tally(completed=1) for ago in range(40)}

    assert between(tallies, TODAY - timedelta(days=29), TODAY) == Tally(completed=30)


def test_eight_weeks_end_today_and_meet() -> None:
    tallies = {TODAY - timedelta(days=ago): Tally(no_show=1) for ago in range(60)}

    weeks = weeks_until(tallies, TODAY)

    assert [tally.no_show for _, tally in weeks] == [7] * 8
    assert weeks[0][0] == TODAY - timedelta(days=55)
    assert weeks[-1][0] == TODAY - timedelta(days=6)


def test_open_minutes_are_cut_at_midnights_and_at_now() -> None:
    edges = [0, 24 * HOUR, 48 * HOUR]
    opened = [[(22 * HOUR, 26 * HOUR)], [(8 * HOUR, 12 * HOUR), (30 * HOUR, 99 * HOUR)]]

    assert minutes_by_day(opened, edges, since=9 * HOUR) == [120 + 180, 120 + 18 * 60]


def test_utilisation_is_booked_of_open_minutes() -> None:
    days = [Day(TODAY, 2, 60, 240), Day(TODAY, 1, 30, 0), Day(TODAY, 0, 0, 120)]

    assert utilisation(days) == Share(90, 360)
    assert days[1].utilisation.percent is None
