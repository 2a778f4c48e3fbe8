"""Writing the rows that say a reminder was dealt with: the one place that decides it comes once."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import orjson
from django.db import connection

from common.uids import new_uid
from notifications import outbox

from .models import Outcome

# The rows go in in key order: two managers then wait for each other in turn. Unordered they deadlock.
# What fired stays; a skipped, missed or failed row gives way, so that an edited rule can still fire.
# What fires takes the number of its event along: the foreign key looks at the commit, by when it is written.
_WRITE = f"""
INSERT INTO appointment_reminders_sent (
    appointment_id, rule_id, recipient_uid, uid, organisation_id, recipient_group,
    minutes_before, due_at, outcome, reason, created_at, event_id
)
SELECT given.*, %s, CASE WHEN given.outcome = '{Outcome.FIRED}' THEN {outbox.NEXT_EVENT_ID} END
FROM json_to_recordset(%s) AS given (
    appointment_id bigint, rule_id bigint, recipient_uid text, uid text, organisation_id bigint,
    recipient_group text, minutes_before int, due_at timestamptz, outcome text, reason text
)
ORDER BY given.appointment_id, given.rule_id, given.recipient_uid
ON CONFLICT (appointment_id, rule_id, recipient_uid) DO UPDATE
SET uid = EXCLUDED.uid, recipient_group = EXCLUDED.recipient_group,
    minutes_before = EXCLUDED.minutes_before, due_at = EXCLUDED.due_at,
    outcome = EXCLUDED.outcome, reason = EXCLUDED.reason, created_at = EXCLUDED.created_at,
    event_id = EXCLUDED.event_id
WHERE appointment_reminders_sent.outcome <> 'fired'
RETURNING uid, event_id
"""  # noqa: S608  # our own words


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


def write(rows: Sequence[Row], *, now: datetime) -> dict[str, int | None]:
    """Write them in one statement. Returns, of those that are ours to act on, the uid and the event's id.

    Who fires has to publish an event of that id in the same transaction.
    """
    if not rows:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, [now, orjson.dumps(rows).decode()])
        return dict(cursor.fetchall())
