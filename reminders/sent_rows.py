"""Writing the rows that say a reminder was dealt with: the one place that decides it comes once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import orjson
from django.db import connection

from common.uids import new_uid

from .models import Outcome

# The rows go in in key order: two managers then wait for each other in turn. Unordered they deadlock.
# What fired stays; a skipped, missed or failed row gives way, so that an edited rule can still fire.
_WRITE = """
INSERT INTO appointment_reminders_sent (
    appointment_id, rule_id, recipient_uid, uid, organisation_id, recipient_group,
    minutes_before, due_at, outcome, reason, created_at
)
SELECT given.*, %s
FROM json_to_recordset(%s) AS given (
    appointment_id bigint, rule_id bigint, recipient_uid text, uid text, organisation_id bigint,
    recipient_group text, minutes_before int, due_at timestamptz, outcome text, reason text
)
ORDER BY given.appointment_id, given.rule_id, given.recipient_uid
ON CONFLICT (appointment_id, rule_id, recipient_uid) DO UPDATE
SET uid = EXCLUDED.uid, recipient_group = EXCLUDED.recipient_group,
    minutes_before = EXCLUDED.minutes_before, due_at = EXCLUDED.due_at,
    outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, created_at = EXCLUDED.created_at
WHERE appointment_reminders_sent.outcome <> 'fired'
RETURNING uid
"""

_LINK = """
UPDATE appointment_reminders_sent sent SET event_id = told.event_id
FROM unnest(%s::text[], %s::bigint[]) AS told (uid, event_id) WHERE sent.uid = told.uid
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row to write. `uid` is the reminder's own, `data.uid` of its event."""

    appointment_id: int
    rule_id: int
    recipient_uid: str
    organisation_id: int
    recipient_group: str
    minutes_before: int
    due_at: datetime
    outcome: Outcome
    reason: str = ""
    uid: str = field(default_factory=partial(new_uid, "sent"))


def write(rows: Sequence[Row], *, now: datetime) -> set[str]:
    """Write them in one statement; returns the uids of those that are ours to act on."""
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, orjson.dumps(rows).decode()])
        return {uid for (uid,) in cursor.fetchall()}


def link_events(event_id_by_uid: Mapping[str, int]) -> None:
    """Name in each row the event that was published for it. One statement."""
    if event_id_by_uid:
        with connection.cursor() as cursor:
            cursor.execute(_LINK, [list(event_id_by_uid), list(event_id_by_uid.values())])
