"""Where clocks change next: the demo has a doctor there, whatever the season."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

# One for each date on which the clocks of many people change.
_ZONES = (
    "Europe/Lisbon",
    "America/New_York",
    "Australia/Sydney",
    "America/Santiago",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
)
_LOOK_AHEAD_DAYS = 366


def zone_about_to_change(now: datetime) -> str:
    """The zone of those above whose clocks change next, a day or more from `now`."""
    return min(_ZONES, key=lambda name: days_until_change(name, now))


def days_until_change(name: str, now: datetime) -> int:
    """How many whole days the zone's clocks still go as they do; a year when they never change."""
    zone = ZoneInfo(name)
    today = (now + timedelta(days=1)).astimezone(zone).utcoffset()
    for days in range(1, _LOOK_AHEAD_DAYS):
        if (now + timedelta(days=days)).astimezone(zone).utcoffset() != today:
            return days - 1
    return _LOOK_AHEAD_DAYS
