"""The doctor whose clocks change next lives somewhere else in every season."""

from datetime import UTC, datetime

import pytest

from rxscale.demo.clocks import days_until_change, zone_about_to_change


@pytest.mark.parametrize(
    ("now", "zone", "days"),
    [
        (datetime(2026, 3, 24, 12, tzinfo=UTC), "Europe/Lisbon", 4),
        (datetime(2026, 10, 30, 12, tzinfo=UTC), "America/New_York", 1),
        (datetime(2026, 9, 30, 12, tzinfo=UTC), "Australia/Sydney", 3),
        (datetime(2026, 4, 22, 12, tzinfo=UTC), "Africa/Cairo", 1),
    ],
)
def test_the_zone_whose_clocks_change_next(now: datetime, zone: str, days: int) -> None:
    assert zone_about_to_change(now) == zone
    assert days_until_change(zone, now) == days


def test_clocks_that_never_change_are_a_year_away() -> None:
    assert days_until_change("Asia/Kolkata", datetime(2026, 1, 1, tzinfo=UTC)) == 366
