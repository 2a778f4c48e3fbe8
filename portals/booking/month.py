"""A month of free times as the patient sees it: the grid of its days, and the times of one of them.

Days are those of the page's zone: a visit late in the doctor's evening may be on the patient's next day.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from django.utils.dateformat import format as date_text
from django.utils.dates import WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext, ngettext, pgettext

from appointments import slots
from appointments.models import AppointmentType
from appointments.offers import Rules
from common.clock import from_epoch, zone
from organisations.models import Doctor
from portals.slots.times import PARTS, label_of, midnight

_DAY = timedelta(days=1)
_NEAREST = 3
_MOST_UNFOLDED = (
    60  # times of one day; with more of them all but the first part of the day are folded
)


@dataclass(frozen=True, slots=True)
class Time:
    """One start: what the button says, and what it posts."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day and its free times."""

    name: str
    times: Sequence[Time]
    is_folded: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the grid; `url` is blank where nothing is free. `label` says it in full."""

    number: int
    label: str
    url: str
    is_shown: bool
    is_today: bool


@dataclass(frozen=True, slots=True)
class Weekday:
    short: str
    name: str


@dataclass(frozen=True, slots=True)
class Month:
    """`shown` is the day whose `parts` are listed, in words; blank without one.

    `next_free` leads on where the month or the day has nothing; blank then means: nothing at all.
    """

    title: str
    weekdays: Sequence[Weekday]
    weeks: Sequence[Sequence[Day | None]]
    is_empty: bool
    shown: str
    parts: Sequence[Part]
    nearest: Sequence[Time]
    earlier_url: str
    later_url: str
    next_free: str
    next_free_url: str


@dataclass(frozen=True, slots=True)
class Press:
    """What choosing a time does: its form's method, address and hidden fields."""

    method: str
    action: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Days:
    """The free starts of one month, sorted, cut at its midnights."""

    first: date
    starts: Sequence[int]
    cuts: Sequence[int]

    @property
    def count(self) -> int:
        return len(self.cuts) - 1

    def of(self, day: date) -> Sequence[int]:
        at = (day - self.first).days
        return self.starts[self.cuts[at] : self.cuts[at + 1]]

    def __contains__(self, day: date) -> bool:
        return 0 <= (day - self.first).days < self.count


class Asked(Protocol):
    """What the page was asked for: `month` or `day`, and the address of the same page asked for another."""

    @property
    def given(self) -> Mapping[str, str]: ...

    def url(self, **changes: str | None) -> str: ...


@dataclass(frozen=True, slots=True)
class Search:
    """Whose free times, told in which zone, as of when."""

    kind: AppointmentType
    doctor: Doctor | None
    zone: str
    now: datetime

    def day_of(self, instant: int) -> date:
        return from_epoch(instant).astimezone(zone(self.zone)).date()

    @property
    def today(self) -> date:
        return self.now.astimezone(zone(self.zone)).date()

    @property
    def last_day(self) -> date:
        return self.day_of(Rules.of(self.kind, self.now).latest)

    def starts(self, start: int, end: int) -> Collection[int]:
        """The free starts in [start, end), each once. Three queries, however many doctors and days."""
        by_doctor = slots.starts_by_doctor(
            self.kind, start=start, end=end, now=self.now, doctor=self.doctor
        )
        return set().union(*by_doctor.values())

    def first_start(self, after: int) -> int | None:
        """The first free start at or after `after`."""
        return slots.next_available(self.kind, after=after, now=self.now, doctor=self.doctor)

    def days(self, first: date) -> _Days:
        length = (next_month(first) - first).days
        midnights = [midnight(first + day * _DAY, self.zone) for day in range(length + 1)]
        starts = sorted(self.starts(midnights[0], midnights[-1]))
        return _Days(first, starts, [bisect_left(starts, cut) for cut in midnights])

    def next_free(self, after: date) -> date | None:
        """The first day with a free time from `after` on."""
        start = self.first_start(midnight(after, self.zone))
        return None if start is None else self.day_of(start)


def month_of(asked: Asked, search: Search, taken: datetime | None = None) -> Month:
    """The month that was asked for, or of the day, else the one in which the first free time is.

    `taken` is a time that was just lost: the nearest free ones are named. Three queries where the month has
    free times.
    """
    days, wanted = _days_wanted(asked, search)
    is_empty = not days.starts
    shown = wanted if wanted and wanted in days else None
    if shown is None and not is_empty:
        shown = search.day_of(days.starts[0])
    next_free = _next_free(search, days, shown)
    return Month(
        title=date_text(days.first, pgettext("date format, month", "F Y")),
        weekdays=[Weekday(str(WEEKDAYS_ABBR[day]), str(WEEKDAYS[day])) for day in range(7)],
        weeks=_weeks(asked, search, days, shown),
        is_empty=is_empty,
        shown=_in_words(shown) if shown else "",
        parts=_parts(search, days.of(shown)) if shown else [],
        nearest=_nearest(search, days, taken) if taken else [],
        earlier_url=_month_url(asked, search, days.first - _DAY),
        later_url=_month_url(asked, search, next_month(days.first)),
        next_free=_in_words(next_free) if next_free else "",
        next_free_url=asked.url(day=next_free.isoformat(), month=None) if next_free else "",
    )


def next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _days_wanted(asked: Asked, search: Search) -> tuple[_Days, date | None]:
    month, day = _read(f"{asked.given.get('month', '')}-01"), _read(asked.given.get("day", ""))
    wanted = month or day
    if wanted is not None:
        wanted = min(max(wanted, search.today), search.last_day)
        is_of_day = month is None or (day is not None and day.replace(day=1) == month)
        return search.days(wanted.replace(day=1)), day if is_of_day else None
    days = search.days(search.today.replace(day=1))
    if not days.starts and (first_free := search.next_free(next_month(days.first))):
        days = search.days(first_free.replace(day=1))
    return days, None


def _read(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _next_free(search: Search, days: _Days, shown: date | None) -> date | None:
    """Asked only where what is shown has nothing."""
    if shown is None:
        return search.next_free(next_month(days.first))
    if days.of(shown):
        return None
    return search.next_free(shown + _DAY)


def _weeks(asked: Asked, search: Search, days: _Days, shown: date | None) -> list[list[Day | None]]:
    """Whole weeks from Monday on, without those that are over; None where another month's days would be."""
    cells: list[Day | None] = [None] * days.first.weekday()
    for number in range(days.count):
        day = days.first + number * _DAY
        free = len(days.of(day))
        cells.append(
            Day(
                number=day.day,
                label=_label(day, free),
                url=asked.url(day=day.isoformat(), month=None) if free else "",
                is_shown=day == shown,
                is_today=day == search.today,
            )
        )
    cells += [None] * (-len(cells) % 7)
    over = 0
    if search.today in days:
        over = (search.today - days.first).days + days.first.weekday()
    return [cells[start : start + 7] for start in range(over // 7 * 7, len(cells), 7)]


def _label(day: date, free: int) -> str:
    if not free:
        return gettext("%(day)s, nothing free") % {"day": _in_words(day)}
    text = ngettext("%(day)s, %(count)d free time", "%(day)s, %(count)d free times", free)
    return text % {"day": _in_words(day), "count": free}


def _in_words(day: date) -> str:
    return date_text(day, pgettext("date format, long", "l, j F Y"))


def _parts(search: Search, starts: Sequence[int]) -> list[Part]:
    here = zone(search.zone)
    local = [(start, from_epoch(start).astimezone(here)) for start in starts]
    parts = [
        Part(
            str(name),
            [Time(label_of(moment), start) for start, moment in local if moment.hour in hours],
        )
        for name, hours in PARTS
    ]
    parts = [part for part in parts if part.times]
    if len(starts) <= _MOST_UNFOLDED:
        return parts
    return [replace(part, is_folded=number > 0) for number, part in enumerate(parts)]


def _nearest(search: Search, days: _Days, taken: datetime) -> list[Time]:
    """The free times of the month next to the lost one, by time; with their day where it is another."""
    lost, here = int(taken.timestamp()), zone(search.zone)
    nearest = sorted(sorted(days.starts, key=lambda start: abs(start - lost))[:_NEAREST])
    times = []
    for start in nearest:
        moment = from_epoch(start).astimezone(here)
        day = date_text(moment, pgettext("date format, day of a near time", "D j M"))
        is_same_day = moment.date() == search.day_of(lost)
        label = label_of(moment)
        times.append(Time(label if is_same_day else f"{day}, {label}", start))
    return times


def _month_url(asked: Asked, search: Search, day: date) -> str:
    """Blank where nothing can be booked any more, or not yet."""
    first = day.replace(day=1)
    if not search.today.replace(day=1) <= first <= search.last_day:
        return ""
    return asked.url(month=f"{first:%Y-%m}", day=None)
