"""What the slots cost at least, and what they cost when written naively: yardsticks, not code to use."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import orjson
from django.db import connection

from availability.windows import Pattern, WeeklyWindow
from common.clock import from_epoch
from organisations.models import Doctor

from .workloads import DoctorsBook, Starts, compute

_WINDOWS = """
SELECT doctor_id, weekday, start_minute, end_minute
  FROM availability_availabilitywindow WHERE doctor_id = ANY(%s) ORDER BY 1, 2, 3
"""
_BUSY = """
SELECT doctor_id, extract(epoch FROM blocked_from)::bigint, extract(epoch FROM blocked_until)::bigint
  FROM appointments_appointment
 WHERE doctor_id = ANY(%s) AND status IN ('held', 'confirmed')
   AND blocked_from >= %s AND blocked_from < %s ORDER BY 1, 2
"""
_LONGEST_BLOCK_SECONDS = 57_600


def floor_e(doctors: Mapping[str, Doctor], start: int, end: int, length: int) -> bytes:
    """E: two raw queries, the computation, the JSON; no ORM, no HTTP, no tenant, no rules."""
    weekly: dict[int, list[WeeklyWindow]] = {doctor.pk: [] for doctor in doctors.values()}
    busy: dict[int, list[tuple[int, int]]] = {doctor.pk: [] for doctor in doctors.values()}
    with connection.cursor() as cursor:
        cursor.execute(_WINDOWS, [list(weekly)])
        for doctor, *window in cursor.fetchall():
            weekly[doctor].append(WeeklyWindow(*window))
        cursor.execute(
            _BUSY, [list(weekly), from_epoch(start - _LONGEST_BLOCK_SECONDS), from_epoch(end)]
        )
        for doctor, since, until in cursor.fetchall():
            busy[doctor].append((since, until))
    books = [
        DoctorsBook(each.uid, Pattern(each.timezone, tuple(weekly[each.pk])), busy[each.pk])
        for each in doctors.values()
    ]
    found = compute(books, start, end, length)
    pairs = sorted((at, uid) for uid, starts in found.items() for at in starts)
    return orjson.dumps(
        [{"starts_at": at, "ends_at": at + length, "doctor_uid": uid} for at, uid in pairs]
    )


def bare_integers(books: Sequence[DoctorsBook], start: int, end: int, length: int) -> Starts:
    """The least that gives the right answer: no validity, overrides, touching windows or own grids.

    Windows expanded once per pattern, bookings removed by bisect, nothing kept between calls.
    """
    days = range(start // 86_400 - 1, end // 86_400 + 2)
    midnights: dict[str, list[int]] = {}
    grids: dict[Pattern, list[int]] = {}
    found: Starts = {}
    for book in books:
        grid = grids.get(book.pattern)
        if grid is None:
            zone = book.pattern.timezone
            if zone not in midnights:
                midnights[zone] = [_instant(zone, day, 0) for day in days]
            grid = _bare_grid(book.pattern, days, midnights[zone], length)
            grid = grid[bisect_left(grid, start) : bisect_left(grid, end)]
            grids[book.pattern] = grid
        free: list[int] = []
        position = 0
        for since, until in book.busy:
            first = bisect_right(grid, since - length, position)
            free += grid[position:first]
            position = bisect_left(grid, until, first)
        found[book.key] = free + grid[position:]
    return found


def _bare_grid(pattern: Pattern, days: range, midnights: list[int], length: int) -> list[int]:
    windows: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for window in pattern.weekly:
        windows[window.weekday].append(window.hours)
    grid: list[int] = []
    for day, midnight, next_midnight in zip(days, midnights, midnights[1:], strict=False):
        is_plain = next_midnight - midnight == 86_400
        for opens, closes in windows[(day + 3) % 7]:
            if is_plain:
                since, until = midnight + opens * 60, midnight + closes * 60
            else:
                since, until = (_instant(pattern.timezone, day, m) for m in (opens, closes))
            grid += range(since, until - length + 1, length)
    return grid


def _instant(zone: str, day: int, minute: int) -> int:
    local = datetime(1970, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=day, minutes=minute)
    return int(local.timestamp())


def naive(books: Sequence[DoctorsBook], start: int, end: int, length: int) -> Starts:
    """Aware datetimes, one doctor after the other, `any()` over all bookings."""
    since, until, step = from_epoch(start), from_epoch(end), timedelta(seconds=length)
    found: Starts = {}
    for book in books:
        zone = ZoneInfo(book.pattern.timezone)
        busy = [(from_epoch(a), from_epoch(b)) for a, b in book.busy]
        starts: list[int] = []
        date = since.date() - timedelta(days=1)
        while date <= until.date() + timedelta(days=1):
            for window in book.pattern.weekly:
                if window.weekday == date.weekday():
                    at, closes = _instants(window, date.toordinal(), zone)
                    while at + step <= closes:
                        is_taken = any(a < at + step and at < b for a, b in busy)
                        if since <= at < until and not is_taken:
                            starts.append(int(at.timestamp()))
                        at += step
            date += timedelta(days=1)
        found[book.key] = starts
    return found


def _instants(window: WeeklyWindow, date: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    midnight = datetime.fromordinal(date)
    opens, closes = (
        (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)
        for minute in window.hours
    )
    return opens, closes
