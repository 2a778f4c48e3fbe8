"""The arithmetic of the dashboard: days, rates, utilisation. Pure: no Django, no clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from common.intervals import Interval

WEEK = 7
WEEKS = 8


@dataclass(frozen=True, slots=True)
class Share:
    """`part` of `whole`; of nothing there is no share."""

    part: int
    whole: int

    @property
    def percent(self) -> float | None:
        return 100 * self.part / self.whole if self.whole else None

    @property
    def text(self) -> str:
        """`4.2 %`, or a dash where nothing was there to be counted."""
        percent = self.percent
        if percent is None:
            return "–"
        return f"{percent:.0f} %" if percent >= 10 else f"{percent:.2g} %"


@dataclass(frozen=True, slots=True)
class Tally:
    """Visits by what became of them. `cancelled`: after they had been confirmed, and not moved."""

    held: int = 0
    confirmed: int = 0
    completed: int = 0
    no_show: int = 0
    cancelled: int = 0
    expired: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.held + other.held,
            self.confirmed + other.confirmed,
            self.completed + other.completed,
            self.no_show + other.no_show,
            self.cancelled + other.cancelled,
            self.expired + other.expired,
        )

    @property
    def planned(self) -> int:
        """What takes or took a doctor's time."""
        return self.held + self.confirmed + self.completed + self.no_show

    @property
    def no_shows(self) -> Share:
        """Of the visits of which it is known whether the patient came."""
        return Share(self.no_show, self.completed + self.no_show)

    @property
    def cancellations(self) -> Share:
        """Of everything that had been confirmed; a moved visit counts once, where it went."""
        booked = self.confirmed + self.completed + self.no_show + self.cancelled
        return Share(self.cancelled, booked)


def between(tallies: Mapping[date, Tally], first: date, last: date) -> Tally:
    """The sum of the days `first` to `last`, both inclusive."""
    days = (tally for day, tally in tallies.items() if first <= day <= last)
    return sum(days, Tally())


def weeks_until(tallies: Mapping[date, Tally], today: date) -> list[tuple[date, Tally]]:
    """The last WEEKS spans of seven days, the last of them ending today, each with its first day."""
    firsts = [today - timedelta(days=WEEK * ago - 1) for ago in range(WEEKS, 0, -1)]
    return [(first, between(tallies, first, first + timedelta(days=WEEK - 1))) for first in firsts]


@dataclass(frozen=True, slots=True)
class Day:
    """One date ahead: its visits, their minutes, and the minutes doctors are open."""

    date: date
    visits: int
    booked_minutes: int
    open_minutes: int

    @property
    def utilisation(self) -> Share:
        return Share(self.booked_minutes, self.open_minutes)


def utilisation(days: Iterable[Day]) -> Share:
    """Booked minutes of open minutes. More than all of it when visits lie outside the hours."""
    days = list(days)
    return Share(sum(day.booked_minutes for day in days), sum(day.open_minutes for day in days))


def minutes_by_day(
    opened: Iterable[Sequence[Interval]], edges: Sequence[int], *, since: int
) -> list[int]:
    """The open minutes between each edge and the next, not before `since`, of all doctors together.

    `edges` are epoch seconds: the midnights of the days and the one after the last.
    """
    seconds = [0] * (len(edges) - 1)
    for intervals in opened:
        for start, end in intervals:
            for number in range(len(seconds)):
                low = max(start, edges[number], since)
                seconds[number] += max(0, min(end, edges[number + 1]) - low)
    return [total // 60 for total in seconds]
