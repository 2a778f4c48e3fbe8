"""A doctor's weekly windows as they are drawn and listed, day by day.

Knows no form and no right: the admin portal only shows it, an editor puts its buttons around it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.http import HttpRequest
from django.utils.dateformat import format as date_text
from django.utils.formats import get_format
from django.utils.translation import check_for_language
from django.utils.translation.trans_real import parse_accept_lang_header

from availability.models import MINUTES_PER_DAY, AvailabilityWindow, Weekday
from availability.times import hours_in_words

from .lengths import hours_and_minutes

Force = Literal["now", "later", "over"]
_DATE = "j M Y"


@dataclass(frozen=True, slots=True)
class Bar:
    """The piece of a window that lies within one day, in minutes of that day."""

    start: int
    length: int
    title: str
    force: Force


@dataclass(frozen=True, slots=True)
class ListedWindow:
    """`validity` is blank for a window without dates; `force` is by the dates alone, as of today."""

    window: AvailabilityWindow
    hours: str
    validity: str
    force: Force


@dataclass(frozen=True, slots=True)
class Day:
    """The windows that start on the day, and the bars that lie in it: a night reaches into the next."""

    weekday: int
    name: str
    windows: Sequence[ListedWindow]
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Week:
    days: Sequence[Day]
    minutes_now: int

    @property
    def is_empty(self) -> bool:
        return not any(day.windows for day in self.days)

    @property
    def total(self) -> str:
        """The hours in force today, in words: `38 h 30 min`."""
        return hours_and_minutes(self.minutes_now)


def week_of(
    windows: Iterable[AvailabilityWindow], *, today: date, first_weekday: int = Weekday.MONDAY
) -> Week:
    """`today` is the doctor's local date. Runs no query when `windows` are loaded."""
    rows = sorted(
        windows, key=lambda row: (row.weekday, row.start_minute, row.valid_from or date.min)
    )
    weekdays = [(first_weekday + days) % 7 for days in range(7)]
    in_force = [row for row in rows if _force(row, today) == "now"]
    return Week(
        days=[_day(weekday, rows, today) for weekday in weekdays],
        minutes_now=sum(row.end_minute - row.start_minute for row in in_force),
    )


def first_weekday_of(request: HttpRequest) -> int:
    """The day a week starts on by the browser's first language; Monday where that says nothing."""
    languages = parse_accept_lang_header(request.headers.get("Accept-Language", ""))
    wanted = languages[0][0] if languages else ""
    known = (name for name in (wanted, wanted.partition("-")[0]) if check_for_language(name))
    language = next(known, "")
    # Django counts from Sunday.
    return (int(get_format("FIRST_DAY_OF_WEEK", language)) + 6) % 7 if language else Weekday.MONDAY


def _day(weekday: int, rows: Sequence[AvailabilityWindow], today: date) -> Day:
    pieces = [bar for row in rows for bar in _bars(row, weekday, today)]
    return Day(
        weekday=weekday,
        name=str(Weekday(weekday).label),
        windows=[_listed(row, today) for row in rows if row.weekday == weekday],
        bars=sorted(pieces, key=lambda bar: bar.start),
    )


def _listed(row: AvailabilityWindow, today: date) -> ListedWindow:
    return ListedWindow(
        window=row,
        hours=hours_in_words([(row.start_minute, row.end_minute)]),
        validity=_validity(row),
        force=_force(row, today),
    )


def _bars(row: AvailabilityWindow, weekday: int, today: date) -> list[Bar]:
    """The row's pieces within `weekday`: its own, and what a night leaves to the day after."""
    force = _force(row, today)
    title = f"{Weekday(row.weekday).label} {hours_in_words([(row.start_minute, row.end_minute)])}"
    title += f", {_validity(row)}" if _validity(row) else ""
    pieces = []
    if row.weekday == weekday:
        end = min(row.end_minute, MINUTES_PER_DAY)
        pieces.append(Bar(row.start_minute, end - row.start_minute, title, force))
    if (row.weekday + 1) % 7 == weekday and row.end_minute > MINUTES_PER_DAY:
        pieces.append(Bar(0, row.end_minute - MINUTES_PER_DAY, title, force))
    return pieces


def _force(row: AvailabilityWindow, today: date) -> Force:
    if row.valid_from and today < row.valid_from:
        return "later"
    return "over" if row.valid_until and row.valid_until < today else "now"


def _validity(row: AvailabilityWindow) -> str:
    """`from 1 Mar 2027 until 30 Jun 2027`; both days belong to it."""
    parts = (("from", row.valid_from), ("until", row.valid_until))
    return " ".join(f"{word} {date_text(day, _DATE)}" for word, day in parts if day)
