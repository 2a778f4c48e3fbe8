"""Short ways to write zones, windows and instants in tests of the pure arithmetic."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from availability.slots import grid_starts
from availability.windows import Override, Pattern, WeeklyWindow, expand

DAY = 86_400


def minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def hours(text: str) -> tuple[int, int]:
    """`22:00-02:00` ends on the next day."""
    start, end = (minutes(part) for part in text.split("-"))
    return start, end if end > start else end + 1440


def every_day(zone: str, *spans: str) -> Pattern:
    windows = (WeeklyWindow(weekday, *hours(span)) for weekday in range(7) for span in spans)
    return Pattern(zone, tuple(windows))


def on(weekday: int, *spans: str) -> tuple[WeeklyWindow, ...]:
    return tuple(WeeklyWindow(weekday, *hours(span)) for span in spans)


def override(day: str, *spans: str) -> Override:
    return Override(date.fromisoformat(day).toordinal(), tuple(hours(span) for span in spans))


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def local(seconds: int, zone: str) -> str:
    """`2027-03-14 01:30-0500`: with the offset, so that a repeated hour shows which one."""
    return datetime.fromtimestamp(seconds, ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M%z")


def starts(
    pattern: Pattern, start: int, end: int, *, duration: int = 60, interval: int = 0
) -> list[int]:
    """Duration and interval in minutes."""
    return grid_starts(
        expand(pattern, start, end + duration * 60),
        duration=duration * 60,
        interval=(interval or duration) * 60,
        start=start,
        end=end,
    )


def local_starts(
    pattern: Pattern, day: str, *, duration: int = 60, interval: int = 0, days: int = 1
) -> list[str]:
    """The starts from local midnight of `day` for `days` local dates, as `local` writes them."""
    zone = ZoneInfo(pattern.timezone)
    first = date.fromisoformat(day).toordinal()
    start, end = (
        int(datetime.fromordinal(at).replace(tzinfo=zone).timestamp())
        for at in (first, first + days)
    )
    found = starts(pattern, start, end, duration=duration, interval=interval)
    return [local(at, pattern.timezone) for at in found]
