"""Loads what decides when doctors could work: one statement, however many doctors and days."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection

from common.clock import from_epoch

from .windows import Absence, Hours, Override, Pattern, Schedule, WeeklyWindow

_WINDOW, _OVERRIDE, _TIME_OFF, _STOP = range(4)
# Dates travel as ordinals (0001-01-01 is 1), the form the arithmetic wants.
_STATEMENT = f"""
    SELECT {_WINDOW}, doctor_id, weekday, start_minute, end_minute,
           valid_from - DATE '0001-01-01' + 1, valid_until - DATE '0001-01-01' + 1
      FROM availability_availabilitywindow
     WHERE doctor_id = ANY(%(doctors)s)
       AND (valid_from IS NULL OR valid_from <= %(until)s)
       AND (valid_until IS NULL OR valid_until >= %(since)s)
 UNION ALL
    SELECT {_OVERRIDE}, doctor_id, date - DATE '0001-01-01' + 1, hours[n][1], hours[n][2], NULL, NULL
      FROM availability_availabilityoverride
      LEFT JOIN LATERAL generate_subscripts(hours, 1) AS n ON TRUE
     WHERE doctor_id = ANY(%(doctors)s) AND date BETWEEN %(since)s AND %(until)s
 UNION ALL
    SELECT {_TIME_OFF}, doctor_id, start_date - DATE '0001-01-01' + 1, start_minute,
           end_date - DATE '0001-01-01' + 1, end_minute, NULL
      FROM availability_timeoff
     WHERE doctor_id = ANY(%(doctors)s) AND start_date <= %(until)s AND end_date >= %(since)s
 UNION ALL
    SELECT {_STOP}, doctor_id, NULL, NULL, NULL, NULL, NULL
      FROM availability_bookingstop
     WHERE doctor_id = ANY(%(doctors)s) AND lifted_at IS NULL
       AND (until IS NULL OR until > %(now)s)
     ORDER BY 1, 2, 3, 4
"""  # noqa: S608 -- the only things put in are four numbers of this module
# Local dates reach a day beyond the UTC dates of a range, night windows and skipped dates two back.
_MARGIN_SECONDS = 3 * 86_400


@dataclass(slots=True)
class _Found:
    weekly: list[WeeklyWindow] = field(default_factory=list)
    overrides: dict[int, list[Hours]] = field(default_factory=lambda: defaultdict(list))
    time_off: list[Absence] = field(default_factory=list)
    is_stopped: bool = False

    def take(self, kind: int, row: Sequence[Any]) -> None:
        if kind == _WINDOW:
            self.weekly.append(WeeklyWindow(*row))
        elif kind == _OVERRIDE:
            hours = self.overrides[row[0]]
            if row[1] is not None:
                hours.append((row[1], row[2]))
        elif kind == _TIME_OFF:
            self.time_off.append(Absence(*row[:4]))
        else:
            self.is_stopped = True

    def schedule(self, timezone: str) -> Schedule:
        overrides = tuple(Override(date, tuple(hours)) for date, hours in self.overrides.items())
        pattern = Pattern(timezone, tuple(self.weekly), overrides)
        return Schedule(pattern, tuple(self.time_off), self.is_stopped)


def load(
    timezones: Mapping[int, str], *, start: int, end: int, now: datetime
) -> dict[int, Schedule]:
    """The schedule of each doctor (id -> zone name) for [start, end) in epoch seconds; one statement.

    Holds no override or time off that lies wholly outside the range; a stop counts when it is in
    force at `now`. Every doctor named has an entry.
    """
    found: dict[int, _Found] = {doctor: _Found() for doctor in timezones}
    with connection.cursor() as cursor:
        cursor.execute(
            _STATEMENT,
            {
                "doctors": list(timezones),
                "since": from_epoch(start - _MARGIN_SECONDS).date(),
                "until": from_epoch(end + _MARGIN_SECONDS).date(),
                "now": now,
            },
        )
        for kind, doctor, *row in cursor.fetchall():
            found[doctor].take(kind, row)
    return {doctor: found[doctor].schedule(zone) for doctor, zone in timezones.items()}
