"""What an editor hands to the verbs: checked, in one form, and in words. Runs no query.

Minutes count from local midnight. `checked()` returns the values as they are stored or raises Invalid
with the field's name as the APIs spell it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Self

from common.intervals import Interval, meets, union

from .errors import Invalid
from .models import MINUTES_PER_DAY, AvailabilityOverride, AvailabilityWindow, TimeOff, Weekday
from .times import date_in_words, hours_in_words, time_in_words
from .windows import Absence, Hours, Override, WeeklyWindow

_MINUTES_PER_WEEK = 7 * MINUTES_PER_DAY
_LONGEST_NOTE = 200
_DAY = "%-d %b %Y"
# What lies beyond cannot be told as an instant of the contract (and some of it not at all).
_FIRST_DATE, _LAST_DATE = date(1970, 1, 1), date(2099, 12, 31)


def checked_hours(start: int, end: int) -> Hours:
    """A span as stored: an end before the start is the next day's, equal is refused."""
    if not 0 <= start < MINUTES_PER_DAY:
        raise Invalid("start_time", "Enter a start from 00:00 to 23:59.")
    if end < start and end >= 0:
        end += MINUTES_PER_DAY
    if end in (start, start + MINUTES_PER_DAY) and (start, end) != (0, MINUTES_PER_DAY):
        raise Invalid("end_time", "The end must differ from the start; a whole day is 00:00–24:00.")
    if not start < end <= start + MINUTES_PER_DAY:
        raise Invalid("end_time", "Enter an end within 24 hours of the start.")
    return start, end


def _check_date(field: str, given: date) -> None:
    if not _FIRST_DATE <= given <= _LAST_DATE:
        raise Invalid(field, "Enter a date from 1970 to 2099.")


@dataclass(frozen=True, slots=True)
class WindowValues:
    """A weekly window; the validity dates are inclusive and mean the date it starts on."""

    weekday: int
    start_minute: int
    end_minute: int
    valid_from: date | None = None
    valid_until: date | None = None

    @classmethod
    def of(cls, window: AvailabilityWindow) -> Self:
        return cls(
            weekday=window.weekday,
            start_minute=window.start_minute,
            end_minute=window.end_minute,
            valid_from=window.valid_from,
            valid_until=window.valid_until,
        )

    def checked(self) -> Self:
        if self.weekday not in Weekday.values:
            raise Invalid("weekday", "Choose a day of the week.")
        start, end = checked_hours(self.start_minute, self.end_minute)
        for field, given in (("valid_from", self.valid_from), ("valid_until", self.valid_until)):
            if given is not None:
                _check_date(field, given)
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise Invalid("valid_until", "The last day must not lie before the first.")
        return replace(self, start_minute=start, end_minute=end)

    def in_words(self) -> str:
        """`Monday 22:00–02:00 (next day), from 1 Mar 2027, until 30 Jun 2027`."""
        words = f"{Weekday(self.weekday).label} "
        words += hours_in_words([(self.start_minute, self.end_minute)])
        words += f", from {self.valid_from:{_DAY}}" if self.valid_from else ""
        return words + (f", until {self.valid_until:{_DAY}}" if self.valid_until else "")

    def overlaps(self, other: "WindowValues") -> bool:
        """In minutes of the week and in validity dates, as the exclusion constraint sees it."""
        first, last = date.min, date.max
        return (
            (self.valid_from or first) <= (other.valid_until or last)
            and (other.valid_from or first) <= (self.valid_until or last)
            and any(meets(other._week_minutes(), *span) for span in self._week_minutes())
        )

    def _week_minutes(self) -> list[Interval]:
        """Monday 00:00 is 0; a Sunday night goes on there."""
        midnight = self.weekday * MINUTES_PER_DAY
        start, end = midnight + self.start_minute, midnight + self.end_minute
        beyond = (0, end - _MINUTES_PER_WEEK)  # empty unless it reaches into Monday
        return union([(start, min(end, _MINUTES_PER_WEEK)), beyond])

    def as_weekly_window(self) -> WeeklyWindow:
        return WeeklyWindow(
            self.weekday,
            self.start_minute,
            self.end_minute,
            self.valid_from.toordinal() if self.valid_from else None,
            self.valid_until.toordinal() if self.valid_until else None,
        )


@dataclass(frozen=True, slots=True)
class OverrideValues:
    """One date's own hours; none means closed."""

    date: date
    hours: tuple[Hours, ...] = ()

    @classmethod
    def of(cls, override: AvailabilityOverride) -> Self:
        return cls(override.date, tuple((start, end) for start, end in override.hours))

    def checked(self) -> Self:
        _check_date("date", self.date)
        hours = sorted(checked_hours(start, end) for start, end in self.hours)
        for earlier, later in pairwise(hours):
            if later[0] < earlier[1]:
                spans = f"{hours_in_words([earlier])} overlaps {hours_in_words([later])}."
                raise Invalid("hours", spans)
        return replace(self, hours=tuple(hours))

    def in_words(self) -> str:
        return f"{date_in_words(self.date)} {hours_in_words(self.hours)}"

    def as_override(self) -> Override:
        return Override(self.date.toordinal(), self.hours)


@dataclass(frozen=True, slots=True)
class TimeOffValues:
    """Closed from one local time to another. The note is the doctor's own and is never told on."""

    start_date: date
    end_date: date
    start_minute: int = 0
    end_minute: int = MINUTES_PER_DAY
    note: str = ""

    @classmethod
    def of(cls, time_off: TimeOff) -> Self:
        return cls(
            start_date=time_off.start_date,
            end_date=time_off.end_date,
            start_minute=time_off.start_minute,
            end_minute=time_off.end_minute,
            note=time_off.note,
        )

    def checked(self) -> Self:
        """An end at 00:00 is stored as 24:00 of the date before."""
        _check_date("start_date", self.start_date)
        _check_date("end_date", self.end_date)
        if not 0 <= self.start_minute < MINUTES_PER_DAY:
            raise Invalid("start_time", "Enter a start from 00:00 to 23:59.")
        if not 0 <= self.end_minute <= MINUTES_PER_DAY:
            raise Invalid("end_time", "Enter an end from 00:00 to 24:00.")
        if len(self.note) > _LONGEST_NOTE:
            raise Invalid("note", f"Use {_LONGEST_NOTE} characters at most.")
        if (self.end_date, self.end_minute) <= (self.start_date, self.start_minute):
            raise Invalid("end_date", "The end must lie after the start.")
        if self.end_minute == 0:
            previous = self.end_date - timedelta(days=1)
            return replace(self, end_date=previous, end_minute=MINUTES_PER_DAY)
        return self

    def in_words(self) -> str:
        start = f"{date_in_words(self.start_date)} {time_in_words(self.start_minute)}"
        return f"{start} to {date_in_words(self.end_date)} {time_in_words(self.end_minute)}"

    def as_absence(self) -> Absence:
        return Absence(
            self.start_date.toordinal(),
            self.start_minute,
            self.end_date.toordinal(),
            self.end_minute,
        )


def overlapping(
    wanted: WindowValues, others: Iterable[AvailabilityWindow]
) -> list[AvailabilityWindow]:
    return [other for other in others if wanted.overlaps(WindowValues.of(other))]
