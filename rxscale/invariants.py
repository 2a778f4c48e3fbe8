"""What must hold in the database at any moment, as questions that find the rows where it does not.

Asked after a restore and by `manage.py verify` of every row, and by `/metrics` of the newest rows only:
each question begins with the newest rows of a table by primary key, so that its cost has a bound. Some are
kept by constraints, too: a question of its own also finds a constraint that has gone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

MOST_UIDS = 10  # named of each; how many there are beyond that is for a person to find out


@dataclass(frozen=True, slots=True)
class Invariant:
    """`broken` selects the uids of rows that break it; `newest` bounds how many rows it begins with."""

    name: str
    sentence: str
    broken: str


@dataclass(frozen=True, slots=True)
class Violation:
    """`uids` names the first of the rows, at most MOST_UIDS."""

    name: str
    sentence: str
    uids: Sequence[str]


# The longest visit with the longest buffers: 480 + 240 + 240 minutes.
_NO_DOCTOR_TWICE = """
WITH newest AS (SELECT * FROM appointments_appointment ORDER BY id DESC LIMIT %(newest)s)
SELECT uid FROM newest WHERE status IN ('held', 'confirmed') AND EXISTS (
    SELECT FROM appointments_appointment other
    WHERE other.doctor_id = newest.doctor_id AND other.id <> newest.id
      AND other.status IN ('held', 'confirmed')
      AND other.blocked_from < newest.blocked_until AND other.blocked_until > newest.blocked_from
      AND other.blocked_from > newest.blocked_from - interval '16 hours'
)"""

_NO_PATIENT_TWICE = """
WITH newest AS (SELECT * FROM appointments_appointment ORDER BY id DESC LIMIT %(newest)s)
SELECT uid FROM newest WHERE status = 'confirmed' AND EXISTS (
    SELECT FROM appointments_appointment other
    WHERE other.patient_id = newest.patient_id AND other.id <> newest.id
      AND other.status = 'confirmed'
      AND other.starts_at < newest.ends_at AND other.ends_at > newest.starts_at
      AND other.starts_at > newest.starts_at - interval '8 hours'
)"""

_CHAIN = """
WITH newest AS (SELECT * FROM appointments_appointment ORDER BY id DESC LIMIT %(newest)s)
SELECT newest.uid FROM newest JOIN appointments_appointment old ON old.id = newest.previous_id
WHERE (old.status, old.cancellation_reason) <> ('cancelled', 'rebooked')
   OR (old.patient_id, old.appointment_type_id) <> (newest.patient_id, newest.appointment_type_id)
   OR newest.confirmed_at IS NULL OR old.confirmed_at IS NULL"""

_HISTORY_ENDS = """
WITH newest AS (
    SELECT appointment_id FROM appointments_appointmenttransition ORDER BY id DESC LIMIT %(newest)s
), touched AS (SELECT DISTINCT appointment_id FROM newest)
SELECT visit.uid FROM touched JOIN appointments_appointment visit ON visit.id = appointment_id
WHERE status <> (
    SELECT to_status FROM appointments_appointmenttransition last
    WHERE last.appointment_id = visit.id ORDER BY last.id DESC LIMIT 1
)"""

_HISTORY_CONNECTS = """
WITH newest AS (
    SELECT * FROM appointments_appointmenttransition ORDER BY id DESC LIMIT %(newest)s
)
SELECT visit.uid FROM newest JOIN appointments_appointment visit ON visit.id = appointment_id
WHERE from_status <> COALESCE((
    SELECT to_status FROM appointments_appointmenttransition before
    WHERE before.appointment_id = visit.id AND before.id < newest.id
    ORDER BY before.id DESC LIMIT 1
), '')"""

# What retention and erasure have removed is not missing.
_MOVES_ARE_TOLD = """
WITH newest AS (
    SELECT * FROM appointments_appointmenttransition ORDER BY id DESC LIMIT %(newest)s
)
SELECT visit.uid FROM newest JOIN appointments_appointment visit ON visit.id = appointment_id
JOIN organisations_patient patient ON patient.id = visit.patient_id AND patient.erased_at IS NULL
WHERE newest.at > (SELECT min(created_at) FROM notifications_event) AND NOT EXISTS (
    SELECT FROM notifications_event event
    WHERE event.organisation_id = visit.organisation_id AND event.about_uid = visit.uid
      AND event.event_type = 'PATIENT_DOCTOR_MEETING_UPDATED' AND event.created_at = newest.at
)"""

# A subscription that was off meanwhile has missed events, and may be sent them by hand; one that was made
# in the same moment may have come too late. A test event is for one subscription only.
_EVENTS_ARE_OWED = """
WITH newest AS (SELECT * FROM notifications_event ORDER BY id DESC LIMIT %(newest)s)
SELECT newest.uid FROM newest JOIN notifications_notificationsubscription receiver
  ON receiver.organisation_id = newest.organisation_id
  AND receiver.notification_type = newest.event_type
  AND receiver.deleted_at IS NULL AND receiver.disabled_at IS NULL
  AND receiver.created_at < newest.created_at - interval '5 seconds'
  AND (receiver.shop_id IS NULL OR receiver.shop_id = newest.shop_id)
  AND (receiver.include_holds OR NOT newest.is_hold_event)
WHERE NOT EXISTS (
    SELECT FROM notifications_delivery
    WHERE event_id = newest.id AND (subscription_id = receiver.id OR is_test)
)
AND NOT EXISTS (
    SELECT FROM organisations_auditentry
    WHERE organisation_id = newest.organisation_id AND object_uid = receiver.uid
      AND action = 'notification_subscription.enabled'
      AND at > newest.created_at - interval '5 seconds'
)"""

_REMINDED_ONCE = """
WITH newest AS (SELECT * FROM appointment_reminders_sent ORDER BY id DESC LIMIT %(newest)s)
SELECT uid FROM newest WHERE EXISTS (
    SELECT FROM appointment_reminders_sent other
    WHERE other.appointment_id = newest.appointment_id AND other.rule_id = newest.rule_id
      AND other.recipient_uid = newest.recipient_uid AND other.id <> newest.id
)"""

_REMINDED_IN_TIME = """
WITH newest AS (SELECT * FROM appointment_reminders_sent ORDER BY id DESC LIMIT %(newest)s)
SELECT uid FROM newest WHERE outcome = 'fired' AND (
    created_at < due_at OR created_at >= due_at + minutes_before * interval '1 minute'
)"""

_SMS_AT_MOST_ONCE = """
WITH newest AS (SELECT * FROM notifications_delivery ORDER BY id DESC LIMIT %(newest)s)
SELECT newest.uid FROM newest
JOIN notifications_deliveryattempt unanswered
  ON unanswered.delivery_id = newest.id AND unanswered.finished_at IS NULL
WHERE channel = 'sms' AND EXISTS (
    SELECT FROM notifications_deliveryattempt later
    WHERE later.delivery_id = newest.id AND later.number > unanswered.number
)"""

_ATTEMPTS_ARE_COUNTED = """
WITH newest AS (SELECT * FROM notifications_delivery ORDER BY id DESC LIMIT %(newest)s)
SELECT newest.uid FROM newest WHERE attempt_count <> (
    SELECT count(*) FROM notifications_deliveryattempt WHERE delivery_id = newest.id
)"""


def _foreign(table: str, column: str, target: str, named: str = "uid") -> str:
    """Rows of `table` that name a row of another organisation."""
    return f"""(
SELECT newest.{named}::text FROM (SELECT * FROM {table} ORDER BY id DESC LIMIT %(newest)s) newest
JOIN {target} named ON named.id = newest.{column}
WHERE named.organisation_id <> newest.organisation_id)"""  # noqa: S608  # names of this file


# The references that no composite foreign key keeps in their organisation.
_VISIT = "appointments_appointment"
_NO_FOREIGN_ROW = " UNION ALL ".join(
    (
        _foreign("appointment_reminders_sent", "appointment_id", _VISIT),
        _foreign("appointment_reminders_sent", "event_id", "notifications_event"),
        _foreign(_VISIT, "previous_id", _VISIT),
        _foreign("appointments_appointmenttransition", "appointment_id", _VISIT, named="id"),
        _foreign("notifications_delivery", "event_id", "notifications_event"),
        _foreign(
            "notifications_delivery", "subscription_id", "notifications_notificationsubscription"
        ),
    )
)

INVARIANTS = (
    Invariant("no_doctor_twice", "No doctor has two active visits at once.", _NO_DOCTOR_TWICE),
    Invariant("no_patient_twice", "No patient has two booked visits at once.", _NO_PATIENT_TWICE),
    Invariant("chain_holds", "A moved visit follows one cancelled as rebooked.", _CHAIN),
    Invariant("history_ends", "A visit's history ends with its status.", _HISTORY_ENDS),
    Invariant("history_connects", "Each move begins where the last ended.", _HISTORY_CONNECTS),
    Invariant("moves_are_told", "Each move of a visit has its event.", _MOVES_ARE_TOLD),
    Invariant("events_are_owed", "Each event has a delivery per subscriber.", _EVENTS_ARE_OWED),
    Invariant("reminded_once", "A reminder is recorded once per recipient.", _REMINDED_ONCE),
    Invariant("reminded_in_time", "Reminders fire when due, before the start.", _REMINDED_IN_TIME),
    Invariant("sms_once", "No SMS is sent again after an unanswered call.", _SMS_AT_MOST_ONCE),
    Invariant("attempts_counted", "Each attempt of a delivery is recorded.", _ATTEMPTS_ARE_COUNTED),
    Invariant("no_foreign_row", "No row names one of another organisation.", _NO_FOREIGN_ROW),
)


def violations(*, newest: int | None = None) -> list[Violation]:
    """Those that do not hold, among the `newest` rows of each table; None: among all of them."""
    return list(_broken(newest))


def _broken(newest: int | None) -> Iterator[Violation]:
    with connection.cursor() as cursor:
        for invariant in INVARIANTS:
            cursor.execute(f"{invariant.broken} LIMIT {MOST_UIDS}", {"newest": newest})
            if uids := [uid for (uid,) in cursor.fetchall()]:
                yield Violation(invariant.name, invariant.sentence, uids)
