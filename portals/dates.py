"""Ranges of dates as a person thinks of them: presets and typed ones, in the zone the page is shown in."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from common.clock import zone

EARLIEST, LATEST = date(1970, 1, 1), date(2099, 12, 31)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Dates:
    """Inclusive dates; None is open on that side."""

    first: date | None
    last: date | None
    label: str

    def bounds(self, zone_name: str) -> tuple[datetime | None, datetime | None]:
        """[start, end) as instants: from the midnight it begins with to the one after it."""
        return (
            midnight(self.first, zone_name) if self.first else None,
            midnight(self.last + _DAY, zone_name) if self.last else None,
        )


def _week_of(today: date) -> date:
    return today - timedelta(days=today.weekday())


def _around(before: int, after: int) -> Callable[[date], tuple[date, date]]:
    return lambda today: (today + timedelta(days=before), today + timedelta(days=after))


def _week(weeks_on: int) -> Callable[[date], tuple[date, date]]:
    def of(today: date) -> tuple[date, date]:
        monday = _week_of(today) + timedelta(weeks=weeks_on)
        return monday, monday + timedelta(days=6)

    return of


PRESETS: dict[str, tuple[str, Callable[[date], tuple[date, date]]]] = {
    "today": ("Today", _around(0, 0)),
    "tomorrow": ("Tomorrow", _around(1, 1)),
    "yesterday": ("Yesterday", _around(-1, -1)),
    "this-week": ("This week", _week(0)),
    "next-week": ("Next week", _week(1)),
    "next-7-days": ("Next 7 days", _around(0, 6)),
    "next-30-days": ("Next 30 days", _around(0, 29)),
    "last-7-days": ("Last 7 days", _around(-6, 0)),
    "last-30-days": ("Last 30 days", _around(-29, 0)),
}


def preset(name: str, today: date) -> Dates:
    """The dates of a preset, today included. `name` is one of PRESETS."""
    label, of = PRESETS[name]
    return Dates(*of(today), label)


def typed(first: date | None, last: date | None) -> Dates:
    """The dates a person typed; at least one is given."""
    if first and last:
        return Dates(
            first,
            last,
            in_words(first) if first == last else f"{in_words(first)} – {in_words(last)}",
        )
    return Dates(first, last, f"From {in_words(first)}" if first else f"Until {in_words(last)}")


def in_words(day: date | None) -> str:
    return f"{day:%-d %b %Y}" if day else ""


def midnight(day: date, zone_name: str) -> datetime:
    """When that date begins there; where clocks skip midnight, the moment they do."""
    return datetime.combine(day, time(), zone(zone_name)).astimezone(UTC)


def today(now: datetime, zone_name: str) -> date:
    return now.astimezone(zone(zone_name)).date()


def read_date(text: str) -> date | None:
    """An ISO date of this and the last century's end, else None."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST <= day <= LATEST else None
