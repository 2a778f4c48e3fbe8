"""Which reminders are due: one statement whose cost follows what is due, not what is stored.

Per distinct offset among the living rules it reads one index range of confirmed visits, from ten
minutes behind the last completed pass to now. Two smaller ranges add what such a window cannot see:
visits confirmed since then whose instant had already passed, and the visits a new, edited or restored
rule reaches.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection

from .models import DueMark, Outcome, ReminderRule
from .verdict import Verdict, due_at, judge

# A confirm may commit after the pass that should have seen it, and clocks differ between machines.
LOOK_BACK = timedelta(minutes=10)

# OFFSET 0 and LIMIT 1 are fences. Without them the planner, which cannot know how short the window
# is, may flatten the parts and read a whole table; with them each part is an index probe.
_VISIT = "id, appointment_type_id, starts_at, confirmed_at"
_RULE = "id, minutes_before, created_at, offset_changed_at"
_PAIR = """visit.id AS appointment_id, rule.id AS rule_id, visit.starts_at, visit.confirmed_at,
           rule.minutes_before, rule.created_at, rule.offset_changed_at"""
_DUE = f"""
WITH RECURSIVE mark AS (
    SELECT LEAST(%(now)s, COALESCE(
        (SELECT looked_until FROM reminders_duemark),
        (SELECT min(created_at) FROM reminders_reminderrule WHERE deleted_at IS NULL)
    )) - %(look_back)s * interval '1 second' AS since
),
offsets AS (  -- the distinct values, one index probe each
    SELECT min(minutes_before) AS minutes FROM reminders_reminderrule WHERE deleted_at IS NULL
    UNION ALL
    SELECT (
        SELECT min(minutes_before) FROM reminders_reminderrule
        WHERE deleted_at IS NULL AND minutes_before > offsets.minutes
    ) FROM offsets WHERE offsets.minutes IS NOT NULL
),
pairs AS (
    SELECT {_PAIR}
    FROM mark, offsets
    CROSS JOIN LATERAL (
        SELECT {_VISIT} FROM appointments_appointment
        WHERE status = 'confirmed'
          AND starts_at >= mark.since + offsets.minutes * interval '1 minute'
          AND starts_at <= %(now)s + offsets.minutes * interval '1 minute'
        OFFSET 0
    ) visit
    CROSS JOIN LATERAL (
        SELECT {_RULE} FROM reminders_reminderrule
        WHERE appointment_type_id = visit.appointment_type_id
          AND minutes_before = offsets.minutes AND deleted_at IS NULL
        OFFSET 0
    ) rule
    UNION  -- confirmed lately, although an instant had passed
    SELECT {_PAIR}
    FROM mark
    CROSS JOIN LATERAL (
        SELECT {_VISIT} FROM appointments_appointment
        WHERE status = 'confirmed'
          AND confirmed_at >= mark.since AND confirmed_at <= %(now)s
        OFFSET 0
    ) visit
    CROSS JOIN LATERAL (
        SELECT {_RULE} FROM reminders_reminderrule
        WHERE appointment_type_id = visit.appointment_type_id AND deleted_at IS NULL
          AND visit.starts_at <= %(now)s + minutes_before * interval '1 minute'
        OFFSET 0
    ) rule
    {{sweep}}
)
SELECT pairs.* FROM pairs
WHERE (
    -- What fired is settled for good; what was skipped or missed, until the rule's offset is edited.
    -- A row from the future was written under a clock that has been set back since.
    SELECT true FROM appointment_reminders_sent sent
    WHERE sent.appointment_id = pairs.appointment_id AND sent.rule_id = pairs.rule_id
      AND (sent.outcome = 'fired' OR (
          sent.minutes_before = pairs.minutes_before
          AND sent.created_at > COALESCE(pairs.offset_changed_at, '-infinity')
          AND sent.created_at <= %(now)s
      ))
    LIMIT 1
) IS NULL
ORDER BY pairs.appointment_id, pairs.rule_id
"""  # noqa: S608  # our own column lists

_SWEEP = f"""
    UNION  -- new, edited and restored rules
    SELECT {_PAIR}
    FROM mark, reminders_reminderrule rule
    CROSS JOIN LATERAL (
        SELECT {_VISIT} FROM appointments_appointment
        WHERE status = 'confirmed' AND appointment_type_id = rule.appointment_type_id
          AND starts_at >= mark.since
          AND starts_at <= %(now)s + rule.minutes_before * interval '1 minute'
        OFFSET 0
    ) visit
    WHERE rule.deleted_at IS NULL AND rule.id = ANY(%(swept)s)
"""  # noqa: S608  # our own column lists

_MOVE_MARK = """
INSERT INTO reminders_duemark (id, looked_until) VALUES (1, %s)
ON CONFLICT (id) DO UPDATE
SET looked_until = GREATEST(reminders_duemark.looked_until, EXCLUDED.looked_until)
"""

_SWEPT = """
UPDATE reminders_reminderrule rule SET is_sweep_wanted = false
FROM unnest(%s::bigint[], %s::timestamptz[]) AS swept (id, offset_changed_at)
WHERE rule.id = swept.id AND rule.offset_changed_at IS NOT DISTINCT FROM swept.offset_changed_at
"""


class Due(NamedTuple):
    """A visit and a rule whose instant has come, not dealt with yet, and what is to become of it."""

    appointment_id: int
    rule_id: int
    starts_at: datetime
    due_at: datetime
    minutes_before: int
    verdict: Verdict

    @property
    def is_firing(self) -> bool:
        return self.verdict.outcome is Outcome.FIRED


@dataclass(frozen=True, slots=True)
class Pass:
    """One look at the world: what is due in key order, and what to remember once it is dealt with."""

    now: datetime
    due: Sequence[Due]
    swept: Sequence[tuple[int, datetime | None]]  # rule id, its offset_changed_at as it was read

    def complete(self) -> None:
        """Move the mark, never backwards, and clear the sweeps. In the transaction that fires."""
        with connection.cursor() as cursor:
            cursor.execute(_MOVE_MARK, [self.now])
            if self.swept:
                ids, changes = zip(*self.swept, strict=True)
                cursor.execute(_SWEPT, [list(ids), list(changes)])


def find(now: datetime) -> Pass:
    """What is due at `now`. Two statements; a rule edited in between keeps its wish for a sweep.

    The part that sweeps is left out when nothing wants it: planning it costs more than running the rest.
    """
    swept = list(
        ReminderRule.objects.living()
        .filter(is_sweep_wanted=True)
        .values_list("pk", "offset_changed_at")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            _DUE.format(sweep=_SWEEP if swept else ""),
            {
                "now": now,
                "look_back": LOOK_BACK.total_seconds(),
                "swept": [rule_id for rule_id, _ in swept],
            },
        )
        due = [_judged(*row, now=now) for row in cursor.fetchall()]
    return Pass(now, due, swept)


def looked_until() -> datetime | None:
    """How far the reminders have been looked at; None before the first pass."""
    return DueMark.objects.values_list("looked_until", flat=True).first()


def _judged(
    appointment_id: int,
    rule_id: int,
    starts_at: datetime,
    confirmed_at: datetime,
    minutes_before: int,
    rule_created_at: datetime,
    offset_changed_at: datetime | None,
    *,
    now: datetime,
) -> Due:
    verdict = judge(
        starts_at=starts_at,
        confirmed_at=confirmed_at,
        minutes_before=minutes_before,
        rule_created_at=rule_created_at,
        offset_changed_at=offset_changed_at,
        now=now,
    )
    return Due(
        appointment_id,
        rule_id,
        starts_at,
        due_at(starts_at, minutes_before),
        minutes_before,
        verdict,
    )
