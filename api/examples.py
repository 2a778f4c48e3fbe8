"""The examples in both OpenAPI documents: one value per name of the contract, put together along the schemas.

All tell of one visit, Robin's with Dr. Ada Hill. A name without a value here fails the tests of the
documents, and so does an example that its schema refuses.
"""

from collections.abc import Mapping
from typing import Any

from .errors import permission_denied

Json = dict[str, Any]

_START = 1_803_888_000  # Monday 2027-03-01, 09:00 in Berlin
_BOOKED = _START - 5 * 86_400
_DAY = 86_400
_UIDS = {
    "appointments": "mtg-8pdkq2n5x7v3m4rw6ty9zb",
    "appointment-types": "at-5hj7nq3wv8x2c9rk4mt6ps",
    "reminders": "rem-4vz8ck2mq7h3xw9np5rt6j",
    "doctors": "doc-3kx9wm5tr2q8vh7nz4pc6d",
    "availability-rules": "avr-7mt4pz9kc3w6xq2hn8vr5j",
    "availability-overrides": "avo-2qh6xr8nv5k9tm3wz7cp4d",
    "time-off": "off-9wc5zn3vt7m2hq8kx4rp6j",
    "booking-secrets": "bsk-6rn2tk8wq4z9vm5xc7hp3d",
    "patients": "pp-7xr3hm9zk5c2wq8vt6np4d",
    "notification-subscriptions": "ns-5zv9kt3xn7q2mh8rc4wp6j",
}
_ERRORS: dict[int, Json] = {
    400: {
        "error": "Validation error",
        "code": "validation_error",
        "errors": {"starts_at": ["Input should be a valid integer"]},
    },
    401: {"code": "invalid_api_key", "description": "The API key is unknown or revoked."},
    404: {"error": "Resource not found", "code": "not_found"},
    413: {"error": "The request body is larger than 1 MiB", "code": "too_large"},
    422: {
        "error": "This idempotency key was used for another request.",
        "code": "idempotency_key_reused",
    },
    429: {"error": "Rate limit exceeded"},
    500: {"error": "Internal server error", "code": "internal_error"},
}
_TAKEN = {"error": "This time has just been taken.", "code": "slot_taken"}
_EXISTS = {"error": "This is there already.", "code": "already_exists"}
_NOT_STARTED = {"error": "The appointment has not started yet.", "code": "not_started"}
_OVERLAP = {
    "error": "Monday 09:00–12:00 overlaps Monday 11:00–17:00.",
    "code": "window_overlap",
    "overlaps_with": [_UIDS["availability-rules"]],
}
_CONFLICTS: dict[str, Json] = {
    "hold": _TAKEN,
    "rebook": _TAKEN,
    "confirm": {"error": "The hold has run out.", "code": "hold_expired"},
    "cancel": {
        "error": "The appointment is cancelled.",
        "code": "wrong_status",
        "status": "cancelled",
        "rebooked_to_uid": None,
    },
    "complete": _NOT_STARTED,
    "no_show": _NOT_STARTED,
    "add_availability_rule": _OVERLAP,
    "change_availability_rule": _OVERLAP,
    "add_availability_override": _EXISTS,
    "change_availability_override": _EXISTS,
    "add_reminder": _EXISTS,
    "change_reminder": _EXISTS,
    "create_subscription": _EXISTS,
    "erase_patient": {
        "error": "Cancel what is held or booked first.",
        "code": "visits_open",
        "appointment_uids": [_UIDS["appointments"]],
    },
}
_BY_NAME: Json = {
    "status": "confirmed",
    "doctor_uid": _UIDS["doctors"],
    "doctor_uids": [_UIDS["doctors"]],
    "doctor_display_name": "Dr. Ada Hill",
    "patient_uid": _UIDS["patients"],
    "patient_profile_uid": _UIDS["patients"],
    "patient_display_name": "Robin Doe",
    "appointment_type_uid": _UIDS["appointment-types"],
    "appointment_type_name": "Consultation",
    "shop_uid": "shop-4nq8wz2kv6t9mx3hc7rp5d",
    "shop_identifier": "shop.northside.example",
    "shop_customer_id": "customer-1001",
    "client_reference": "order-1001",
    "starts_at": _START,
    "ends_at": _START + 1800,
    "from": _START,
    "to": _START + _DAY,
    "timezone": "Europe/Berlin",
    "hold_expires_at": None,
    "confirmed_at": _BOOKED + 60,
    "cancelled_at": None,
    "cancelled_by": None,
    "cancellation_reason": None,
    "cancellation_message": None,
    "status_changed_by": "patient",
    "previous_meeting_uid": None,
    "rebooked_to_uid": None,
    "cancellable_until": _START - _DAY,
    "rebookable_until": _START - _DAY,
    "join_url": "https://scheduling.example/join/eyJhcHBvaW50bWVudCI6",
    "created_at": _BOOKED,
    "updated_at": _BOOKED + 60,
    "totalRegistries": 1,
    "totalPages": 1,
    "next_available_at": None,
    "reason": "Doctor is ill",
    "message": "We are sorry. Please choose another time.",
    "on_behalf_of": "doctor",
    "name": "Consultation",
    "description": "A first talk by video.",
    "duration_minutes": 30,
    "hold_ttl_seconds": 900,
    "cancellation_notice_minutes": 1440,
    "rebooking_notice_minutes": 1440,
    "min_booking_notice_minutes": 0,
    "booking_horizon_days": 60,
    "slot_interval_minutes": 30,
    "buffer_before_minutes": 0,
    "buffer_after_minutes": 0,
    "is_active": True,
    "recipient_group": "patient",
    "minutes_before": 60,
    "send_email": True,
    "send_sms": False,
    "weekday": "monday",
    "start_time": "09:00",
    "end_time": "17:00",
    "valid_from": "2027-03-01",
    "valid_until": None,
    "date": "2027-03-08",
    "start_date": "2027-03-15",
    "end_date": "2027-03-19",
    "key_id": _UIDS["booking-secrets"],
    "secret": "sT3x7vQm9kW2nZ5rC8hP4jD6tB1yL0gF",
    "last_used_at": _BOOKED,
    "display_name": "Dr. Ada Hill",
    "email": "robin@patients.example",
    "mobile_phone": "+4915123456789",
    "field": "first_name",
    "value": "Robin",
    "date_of_birth": "1990-04-12",
    "exported_at": "2027-02-24T08:00:00Z",
    "patient": {"uid": _UIDS["patients"]},
    "appointments": [{"uid": _UIDS["appointments"], "status": "confirmed"}],
    "messages": [],
    "suppressed_addresses": [],
    "erased_at": _BOOKED,
    "notification_type": "PATIENT_DOCTOR_MEETING_UPDATED",
    "target": "https://partner.example/rxscale",
    "signing_secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "headers": {"X-Tenant": "shop-1"},
    "header_names": ["X-Tenant"],
    "include_contact": False,
    "include_holds": False,
    "disabled_at": None,
    "delivery_uid": "dlv-8hq2xm6vr4k9tz3wn7cp5j",
    "booking_launch_code": "blc_7Kq2nV9xR4mT6wZ8hC3pD5jB",
    "expires_at": _BOOKED + 600,
    "booking_url": "https://scheduling.example/book/?booking_launch_code=blc_7Kq2nV9xR4mT6wZ8hC3pD5jB",
}
_BY_SCHEMA: dict[str, Json] = {
    "CancelRequest": {"reason": "Feeling better"},
    "Health": {"status": "ok"},
    "ClinicDoctor": {"email": "ada.hill@northside.example"},
    "ListedSecret": {"name": "Shop backend", "shop_uid": None},
    "MetaData": {"shop_uid": None},
    "NewSecret": {"name": "Shop backend", "shop_uid": None},
    "PatientData": {"display_name": "Robin Doe"},
    "RevealedSecret": {"name": "Shop backend"},
    "SeenMetaData": {"shop_uid": None},
}
_LEFT_OUT = {"warnings"}  # there only when there are some
_ENDED: Json = {"join_url": None, "updated_at": _BOOKED + 7200}
_BY_OPERATION: dict[str, Json] = {
    "hold": {
        "status": "held",
        "hold_expires_at": _BOOKED + 900,
        "confirmed_at": None,
        "join_url": None,
        "updated_at": _BOOKED,
    },
    "cancel": {"status": "cancelled", "cancelled_at": _BOOKED + 7200, **_ENDED},
    "rebook": {"previous_meeting_uid": "mtg-2wv6zk9tq3m8xn5rc7hp4d"},
    "complete": {"status": "completed", "status_changed_by": "admin", **_ENDED},
    "no_show": {"status": "no_show", "status_changed_by": "admin", **_ENDED},
}


def add_examples(document: Json) -> None:
    """To every body, every answer and every part of a path."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for operation in methods.values():
            _add(schemas, path, operation)


def _add(schemas: Json, path: str, operation: Json) -> None:
    steps = path.split("/")
    kind = next((step for step in reversed(steps) if step in _UIDS), "")
    make = _Maker(schemas, _UIDS.get(kind, ""))
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            before = steps[steps.index(f"{{{parameter['name']}}}") - 1]
            parameter["example"] = _UIDS[before]
    for media in operation.get("requestBody", {}).get("content", {}).values():
        media["example"] = make.example(media["schema"])
    for status, answer in operation["responses"].items():
        for media in answer.get("content", {}).values():
            media["example"] = _answer(make, operation, int(status), media["schema"])


def _answer(make: "_Maker", operation: Json, status: int, schema: Json) -> Any:
    if status == 403:  # the last word of the description is the permission
        return permission_denied(operation["description"].split("`")[-2]).body
    if status == 409:
        return _CONFLICTS[operation["operationId"]]
    if status in _ERRORS:
        return _ERRORS[status]
    example = make.example(schema)
    if isinstance(example, dict):
        changed = _BY_OPERATION.get(operation["operationId"], {})
        example.update({name: value for name, value in changed.items() if name in example})
    return example


class _Maker:
    """Puts an example together; `uid` is that of the kind of thing the path is about."""

    def __init__(self, schemas: Json, uid: str) -> None:
        self.schemas = schemas
        self.by_name = {**_BY_NAME, "uid": uid}

    def example(self, schema: Json, known: Mapping[str, Any] | None = None, name: str = "") -> Any:
        """Raises KeyError for a name that has no example."""
        known = self.by_name if known is None else known
        if name in known:
            return known[name]
        if "$ref" in schema:
            title = schema["$ref"].rpartition("/")[2]
            return self.example(self.schemas[title], {**known, **_BY_SCHEMA.get(title, {})})
        for several in ("anyOf", "allOf"):
            if several in schema:
                return self.example(schema[several][0], known)
        if "properties" in schema:
            kept = {key: each for key, each in schema["properties"].items() if key not in _LEFT_OUT}
            return {key: self.example(each, known, key) for key, each in kept.items()}
        if "items" in schema:
            return [self.example(schema["items"], known)]
        if schema.get("type") == "object":
            return {}
        allowed = [schema["const"]] if "const" in schema else schema.get("enum")
        return allowed[0] if allowed else known[name]
