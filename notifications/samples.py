"""Made-up events for "send a test": every key a real one has, `data.test` true, nobody real in them."""

from datetime import datetime, timedelta

from common.clock import to_epoch
from common.uids import new_uid

from .models import EventType

CONTACT_PATHS: dict[EventType, tuple[str, ...]] = {
    EventType.MEETING_UPDATED: ("patient_display_name", "join_url"),
    EventType.REMINDER_DUE: (
        "recipient.display_name",
        "recipient.email",
        "recipient.phone",
        "join_url",
        "appointment.patient_display_name",
        "appointment.join_url",
    ),
}
_JOIN_URL = "https://scheduling.example/join/test"


def made_up(event_type: EventType, now: datetime) -> tuple[str, dict[str, object]]:
    """`data.uid` and the whole `data` object of a test event of that type."""
    starts_at = to_epoch(now + timedelta(days=1))
    if event_type == EventType.REMINDER_DUE:
        return _reminder(starts_at, now)
    data = _appointment(starts_at, now)
    return str(data["uid"]), {**data, "previous_status": "held", "test": True}


def _reminder(starts_at: int, now: datetime) -> tuple[str, dict[str, object]]:
    uid = new_uid("sent")
    return uid, {
        "uid": uid,
        "reminder_uid": "rem-test",
        "minutes_before": 1_440,
        "due_at": to_epoch(now),
        "expires_at": starts_at,
        "send_email": True,
        "send_sms": False,
        "recipient": {
            "group": "patient",
            "uid": "pp-test",
            "shop_customer_id": "test",
            "display_name": "Test Patient",
            "email": "patient@example.com",
            "phone": "+12025550123",
            "timezone": "Europe/Berlin",
            "language": "en",
        },
        "join_url": _JOIN_URL,
        "appointment": _appointment(starts_at, now),
        "test": True,
    }


def _appointment(starts_at: int, now: datetime) -> dict[str, object]:
    booked_at = to_epoch(now)
    return {
        "uid": new_uid("mtg"),
        **_PARTIES,
        "starts_at": starts_at,
        "ends_at": starts_at + 1_800,
        "timezone": "Europe/Berlin",
        "hold_expires_at": None,
        "confirmed_at": booked_at,
        **_NOT_CANCELLED,
        "rebooking_mode": "any_doctor",
        "cancellable_until": starts_at - 3_600,
        "rebookable_until": starts_at - 3_600,
        "join_url": _JOIN_URL,
        "created_at": booked_at,
        "updated_at": booked_at,
    }


_PARTIES: dict[str, object] = {
    "status": "confirmed",
    "doctor_uid": "doc-test",
    "doctor_display_name": "Dr Test",
    "patient_uid": "pp-test",
    "patient_display_name": "Test Patient",
    "appointment_type_uid": "at-test",
    "appointment_type_name": "Test consultation",
    "meeting_type": "CONSULTATION",
    "shop_uid": "shop-test",
    "shop_identifier": "shop.example",
    "shop_customer_id": "test",
    "client_reference": None,
}
_NOT_CANCELLED: dict[str, object] = {
    "cancelled_at": None,
    "cancelled_by": None,
    "cancellation_reason": None,
    "cancellation_message": None,
    "status_changed_by": "patient",
    "previous_meeting_uid": None,
    "rebooked_to_uid": None,
}
