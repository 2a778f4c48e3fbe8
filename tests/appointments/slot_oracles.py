"""Independent answers to "what is bookable?": minute sets of aware datetimes, and PostgreSQL multiranges.

Neither uses our arithmetic. PostgreSQL is handed the edges as instants: at a repeated hour
`AT TIME ZONE` takes the second one, the rule here the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from availability.windows import Pattern, Schedule

Span = tuple[int, int]


@dataclass(frozen=True)
class Visit:
    """What is asked for, in minutes."""

    duration: int
    interval: int
    before: int = 0
    after: int = 0


@dataclass(frozen=True)
class World:
    """One doctor's schedule, and padded ranges taken (epoch seconds)."""

    schedule: Schedule
    taken: Sequence[Span] = field(default_factory=tuple)


def edge(zone: ZoneInfo, day: date, minute: int) -> int:
    at = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 -- local
    return int(at.replace(tzinfo=zone).astimezone(UTC).timestamp())


def hours_of(pattern: Pattern, day: date) -> list[tuple[int, int]]:
    for override in pattern.overrides:
        if date.fromordinal(override.date) == day:
            return list(override.hours)
    return [
        (window.start_minute, window.end_minute)
        for window in pattern.weekly
        if window.weekday == day.weekday()
        and (window.valid_from is None or date.fromordinal(window.valid_from) <= day)
        and (window.valid_until is None or day <= date.fromordinal(window.valid_until))
    ]


def windows_by_date(pattern: Pattern, start: int, end: int) -> dict[date, list[Span]]:
    """Each date's windows, unjoined, well beyond the range on both sides."""
    zone = ZoneInfo(pattern.timezone)
    day = datetime.fromtimestamp(start, UTC).date() - timedelta(days=4)
    found: dict[date, list[Span]] = {}
    while day <= datetime.fromtimestamp(end, UTC).date() + timedelta(days=3):
        found[day] = [(edge(zone, day, a), edge(zone, day, b)) for a, b in hours_of(pattern, day)]
        day += timedelta(days=1)
    return found


def time_off(schedule: Schedule) -> list[Span]:
    zone = ZoneInfo(schedule.pattern.timezone)
    return [
        (
            edge(zone, date.fromordinal(off.start_date), off.start_minute),
            edge(zone, date.fromordinal(off.end_date), off.end_minute),
        )
        for off in schedule.time_off
    ]


def minute_by_minute(world: World, visit: Visit, start: int, end: int) -> list[int]:
    """Walks every minute of the range; every set holds the minutes that are open, closed or taken."""
    by_date = [
        {minute for a, b in spans for minute in range(a // 60, b // 60)}
        for spans in windows_by_date(world.schedule.pattern, start, end).values()
    ]
    closed = {m for a, b in time_off(world.schedule) for m in range(a // 60, b // 60)}
    opened = set().union(*by_date) - closed
    taken = {minute for a, b in world.taken for minute in range(a // 60, b // 60)}
    found = []
    for at in range(start // 60, end // 60):
        padded = range(at - visit.before, at + visit.duration + visit.after)
        if not opened.issuperset(range(at, at + visit.duration)) or not taken.isdisjoint(padded):
            continue
        if any(_is_on_grid(minutes, at, visit.interval) for minutes in by_date):
            found.append(at * 60)
    return found


def _is_on_grid(minutes: set[int], at: int, interval: int) -> bool:
    if at not in minutes:
        return False
    first = at
    while first - 1 in minutes:
        first -= 1
    return (at - first) % interval == 0


_MULTIRANGES = """
WITH dated AS (
    SELECT day, range_agg(tstzrange(to_timestamp(opens), to_timestamp(closes))) AS open
      FROM unnest(%(days)s::date[], %(opens)s::bigint[], %(closes)s::bigint[])
        AS w (day, opens, closes)
     WHERE opens < closes GROUP BY day
), opened AS (
    SELECT range_agg(r) - coalesce((
        SELECT range_agg(tstzrange(to_timestamp(a), to_timestamp(b)))
          FROM unnest(%(off_from)s::bigint[], %(off_until)s::bigint[]) AS o (a, b) WHERE a < b
    ), '{}') AS open FROM dated, unnest(open) AS r
), starts AS (
    SELECT DISTINCT at FROM dated, unnest(open) AS stretch,
        generate_series(lower(stretch), upper(stretch) - INTERVAL '1 second',
                        make_interval(mins => %(interval)s)) AS at
)
SELECT extract(epoch FROM at)::bigint FROM starts, opened
 WHERE at >= to_timestamp(%(start)s) AND at < to_timestamp(%(end)s)
   AND tstzrange(at, at + make_interval(mins => %(duration)s)) <@ opened.open
   AND NOT EXISTS (
       SELECT FROM appointments_appointment AS a
        WHERE a.doctor_id = %(doctor)s AND a.status IN ('held', 'confirmed')
          AND (a.status = 'confirmed' OR a.hold_expires_at > %(now)s)
          AND tstzrange(a.blocked_from, a.blocked_until) && tstzrange(
              at - make_interval(mins => %(before)s),
              at + make_interval(mins => %(duration)s + %(after)s)))
 ORDER BY at
"""


def in_postgresql(
    schedule: Schedule, visit: Visit, start: int, end: int, *, doctor: int, now: datetime
) -> list[int]:
    """The same question as one statement over multiranges; taken is what the table says."""
    rows = [
        (day, span)
        for day, spans in windows_by_date(schedule.pattern, start, end).items()
        for span in spans
    ]
    off = time_off(schedule)
    with connection.cursor() as cursor:
        cursor.execute(
            _MULTIRANGES,
            {
                "days": [day for day, _ in rows],
                "opens": [span[0] for _, span in rows],
                "closes": [span[1] for _, span in rows],
                "off_from": [a for a, _ in off],
                "off_until": [b for _, b in off],
                "interval": visit.interval,
                "duration": visit.duration,
                "before": visit.before,
                "after": visit.after,
                "start": start,
                "end": end,
                "doctor": doctor,
                "now": now,
            },
        )
        return [at for (at,) in cursor.fetchall()]
