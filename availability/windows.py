"""Weekly windows, overrides and time off in local time -> UTC intervals in epoch seconds.

The only place that knows zones and their changes. Pure: no Django, no clock.
Dates are proleptic ordinals (`date.toordinal`), minutes count from a date's local midnight;
an end of 1440 is `24:00`, more is the next date.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from common.intervals import Interval, union

MINUTES_PER_DAY = 1440
_SECONDS_PER_DAY = 86_400
_EPOCH_DATE = datetime(1970, 1, 1, tzinfo=UTC).toordinal()

Hours = tuple[int, int]


class WeeklyWindow(NamedTuple):
    """It belongs to the weekday it starts on; the validity dates are inclusive and mean that date."""

    weekday: int
    start_minute: int
    end_minute: int
    valid_from: int | None = None
    valid_until: int | None = None

    @property
    def hours(self) -> Hours:
        return self.start_minute, self.end_minute

    @property
    def is_limited(self) -> bool:
        return self.valid_from is not None or self.valid_until is not None

    def is_valid_on(self, date: int) -> bool:
        return (self.valid_from is None or self.valid_from <= date) and (
            self.valid_until is None or date <= self.valid_until
        )


class Override(NamedTuple):
    """One date's own hours instead of the windows that would start on it; none is closed."""

    date: int
    hours: tuple[Hours, ...]


class Absence(NamedTuple):
    """Time off: closed from one local time to another."""

    start_date: int
    start_minute: int
    end_date: int
    end_minute: int


@dataclass(frozen=True, slots=True)
class Pattern:
    """What opens a doctor's time. Doctors with equal patterns share one expansion."""

    timezone: str
    weekly: tuple[WeeklyWindow, ...] = ()
    overrides: tuple[Override, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that decides when a doctor could work; `is_stopped` as of the moment it was loaded for."""

    pattern: Pattern
    time_off: tuple[Absence, ...] = ()
    is_stopped: bool = False


def weekday_of(date: int) -> int:
    """Monday is 0."""
    return (date + 6) % 7


def expand(pattern: Pattern, start: int, end: int) -> list[Interval]:
    """The windows of every local date that meet [start, end), sorted.

    Windows of one date that touch are one interval; those of different dates stay apart (each
    date has its own grid), and may overlap where a night runs into an override.
    """
    zone = pattern.timezone
    replaced = {override.date: override.hours for override in pattern.overrides}
    weekly = _hours_by_weekday(pattern.weekly)
    found: list[Interval] = []
    # Two dates back: a night window can end on the next date, and a zone may skip a whole date.
    # One date on: clocks set back over midnight return to the date before.
    for date in range(local_date(zone, start) - 2, local_date(zone, end) + 2):
        hours = replaced[date] if date in replaced else weekly(date)
        if hours:
            found += _intervals_of_date(zone, date, hours)
    return sorted(interval for interval in found if interval[0] < end and start < interval[1])


def closures(timezone: str, time_off: Sequence[Absence]) -> list[Interval]:
    """Time off as instants; overlapping ranges are one."""
    return union(
        (
            instant(timezone, absence.start_date, absence.start_minute),
            instant(timezone, absence.end_date, absence.end_minute),
        )
        for absence in time_off
    )


def instant(timezone: str, date: int, minute: int) -> int:
    """The epoch second of a local time.

    A time in the gap or in the repeated hour is read with the offset before the change
    (RFC 5545, 3.3.5; `fold=0`), so that windows which touch stay touching.
    """
    offset = _steady_offset(timezone, date)
    if offset is None:
        date, minute = date + minute // MINUTES_PER_DAY, minute % MINUTES_PER_DAY
        offset = _offset_at(timezone, date, minute)
    return (date - _EPOCH_DATE) * _SECONDS_PER_DAY + minute * 60 - offset


def local_date(timezone: str, seconds: int) -> int:
    """The date (ordinal) a clock in that zone shows at that instant."""
    return datetime.fromtimestamp(seconds, ZoneInfo(timezone)).toordinal()


def _hours_by_weekday(weekly: Sequence[WeeklyWindow]) -> Callable[[int], tuple[Hours, ...]]:
    """The weekly windows as a function of the date; validity is looked at only where there is one."""
    always: list[tuple[Hours, ...]] = []
    limited: list[list[WeeklyWindow]] = []
    for weekday in range(7):
        windows = [window for window in weekly if window.weekday == weekday]
        always.append(tuple(w.hours for w in windows if not w.is_limited))
        limited.append([w for w in windows if w.is_limited])

    def hours_on(date: int) -> tuple[Hours, ...]:
        weekday = weekday_of(date)
        hours = always[weekday]
        if limited[weekday]:
            hours += tuple(w.hours for w in limited[weekday] if w.is_valid_on(date))
        return hours

    return hours_on


def _intervals_of_date(timezone: str, date: int, hours: tuple[Hours, ...]) -> list[Interval]:
    offset = _steady_offset(timezone, date)
    if offset is not None:
        midnight = (date - _EPOCH_DATE) * _SECONDS_PER_DAY - offset
        return [(midnight + start, midnight + end) for start, end in _joined_seconds(hours)]
    return union(
        (instant(timezone, date, start), instant(timezone, date, end)) for start, end in hours
    )


@lru_cache(maxsize=4096)
def _joined_seconds(hours: tuple[Hours, ...]) -> list[Interval]:
    return union((start * 60, end * 60) for start, end in hours)


@lru_cache(maxsize=65_536)
def _steady_offset(timezone: str, date: int) -> int | None:
    """The offset that holds from this date's midnight through the next date's end, if one does.

    Looked up at the three midnights: no zone has changed twice within one date and changed back.
    """
    offsets = {_offset_at(timezone, date + days, 0) for days in range(3)}
    return offsets.pop() if len(offsets) == 1 else None


def _offset_at(timezone: str, date: int, minute: int) -> int:
    local = datetime.fromordinal(date) + timedelta(minutes=minute)
    offset = local.replace(tzinfo=ZoneInfo(timezone)).utcoffset()
    assert offset is not None  # noqa: S101 -- every IANA zone has an offset at every time
    return offset // timedelta(seconds=1)
