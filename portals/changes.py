"""What was changed about a doctor lately, in words: the audit log's entries under the doctor's uid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from organisations.models import AuditEntry, Doctor

MOST = 6
_FIELDS = {"mobile_phone": "mobile phone number", "prescription_phone": "prescription phone number"}
_WORDS = {
    "doctor.added": "Doctor added",
    "doctor.created": "Doctor added",
    "doctor.changed": "Profile changed",
    "doctor.contact_changed": "Contact changed",
    "doctor.timezone_changed": "Time zone changed",
    "doctor.notices_changed": "Notices chosen",
    "doctor.deactivated": "Deactivated",
    "doctor.reactivated": "Activated again",
    "availability_window.added": "Hours added",
    "availability_window.changed": "Hours changed",
    "availability_window.removed": "Hours removed",
    "availability_day.copied": "Hours of a day copied",
    "availability_day.copy_undone": "Copy of a day taken back",
    "availability_override.set": "Hours of one date set",
    "availability_override.removed": "Hours of one date removed",
    "time_off.added": "Time off added",
    "time_off.changed": "Time off changed",
    "time_off.removed": "Time off removed",
    "bookings.stopped": "New bookings stopped",
    "bookings.stop_lifted": "New bookings possible again",
    "meeting_room.renewed": "Meeting room renewed",
    "calendar_feed.created": "Calendar feed made",
    "calendar_feed.renewed": "Calendar feed renewed",
    "calendar_feed.revoked": "Calendar feed ended",
}
_ABOUT_HOURS = ("availability_", "time_off.", "bookings.")
_HOURS = [action for action in _WORDS if action.startswith(_ABOUT_HOURS)]


@dataclass(frozen=True, slots=True)
class Change:
    """`detail` is what the audit log keeps of it: hours, dates or the names of fields, never a value."""

    at: datetime
    what: str
    detail: str
    by: str


def latest(doctor: Doctor) -> Sequence[Change]:
    """The newest first; one query."""
    return [_change(entry) for entry in _entries(doctor)[:MOST]]


def of_hours_by_others(doctor: Doctor, *, since: datetime) -> Sequence[Change]:
    """What somebody else changed about when the doctor works; `doctor` comes with its user. One query."""
    own = [doctor.uid, doctor.user.uid] if doctor.user else [doctor.uid]
    entries = _entries(doctor).filter(action__in=_HOURS, at__gte=since).exclude(actor_uid__in=own)
    return [_change(entry) for entry in entries[:MOST]]


def _entries(doctor: Doctor) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.of(doctor.organisation).filter(object_uid=doctor.uid)
    return entries.order_by("-at", "-id")


def _change(entry: AuditEntry) -> Change:
    words = entry.action.replace(".", " ").replace("_", " ").capitalize()
    return Change(
        at=entry.at,
        what=_WORDS.get(entry.action, words),
        detail=_detail(entry.details),
        by=entry.actor_label or entry.actor_kind,
    )


def _detail(details: dict[str, object]) -> str:
    fields = details.get("fields")
    if isinstance(fields, list):
        return ", ".join(_FIELDS.get(field, str(field).replace("_", " ")) for field in fields)
    if isinstance(targets := details.get("targets"), list):
        source = f"{details['source']} to " if "source" in details else ""
        return source + ", ".join(map(str, targets))
    return str(details.get("hours") or details.get("span") or "")
