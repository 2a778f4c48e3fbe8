"""What was changed about a doctor lately, in words: the audit log's entries under the doctor's uid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from organisations.models import AuditEntry, Doctor

MOST = 6
_FIELDS = {"mobile_phone": "mobile phone number", "prescription_phone": "prescription phone number"}
_WORDS = {
    "doctor.added": "Doctor added",
    "doctor.created": "Doctor added",
    "doctor.changed": "Profile changed",
    "doctor.contact_changed": "Contact changed",
    "doctor.deactivated": "Deactivated",
    "doctor.reactivated": "Activated again",
    "availability_window.added": "Hours added",
    "availability_window.changed": "Hours changed",
    "availability_window.removed": "Hours removed",
    "availability_override.set": "Hours of one date set",
    "availability_override.removed": "Hours of one date removed",
    "time_off.added": "Time off added",
    "time_off.changed": "Time off changed",
    "time_off.removed": "Time off removed",
    "bookings.stopped": "New bookings stopped",
    "bookings.stop_lifted": "New bookings possible again",
    "meeting_room.renewed": "Meeting room renewed",
}


@dataclass(frozen=True, slots=True)
class Change:
    """`detail` is what the audit log keeps of it: hours, dates or the names of fields, never a value."""

    at: datetime
    what: str
    detail: str
    by: str


def latest(doctor: Doctor) -> Sequence[Change]:
    """The newest first; one query."""
    entries = AuditEntry.objects.of(doctor.organisation).filter(object_uid=doctor.uid)
    return [_change(entry) for entry in entries.order_by("-at", "-id")[:MOST]]


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
    return str(details.get("hours") or details.get("span") or "")
