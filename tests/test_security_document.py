"""docs/security.md is true: its tests exist, and its map of patients' data is the database's."""

import re
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, models

from common.clock import utc_now
from rxscale.knobs import env

from .portals.everything import make_everything

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "docs" / "security.md").read_text()
NAMED_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
MAPPED = set(re.findall(r"`([A-Z]\w+\.\w+)`", TEXT[TEXT.index("## Where") : TEXT.index("## How")]))

# Of models that speak of patients: columns of ours, never of theirs.
UIDS_AND_WORDS = re.compile(
    r"uid$|_uid$|status$|^(channel|kind|state|outcome|key|method|path|caller|digest|body_digest|event_type"
    r"|meeting_type|rebooking_mode|recipient_group|lease_token|provider_message_id|contact_paths|link_nonce"
    r"|cancelled_by|cancelled_on_behalf_of|status_changed_by|kept_outside_hours_by|actor_kind|actor_label"
    r"|session_key|timezone)$"
)
# Of clinics, staff, doctors and partners; of hours, rules and secrets; written by members of the clinic.
ABOUT_NOBODY_TREATED = {
    *("Organisation", "Shop", "ApiKey", "User", "Membership", "Invitation", "Doctor"),
    *("AuditEntry", "MaintenanceRun", "AvailabilityWindow", "AvailabilityOverride", "TimeOff"),
    *("BookingStop", "BookingSecret", "NotificationSubscription", "AppointmentType", "MeetingRoom"),
    *("AppointmentTypeDoctor", "CalendarFeed", "ReminderRule", "DueMark"),
    # Libraries': second factors, the team's own acts, permissions, what tables there are.
    *("Authenticator", "EmailAddress", "EmailConfirmation", "LogEntry", "Group", "Permission"),
    *("ContentType",),
}
# One of a few words of ours.
OUR_WORDS = {"AppointmentReminderSent.reason", "Suppression.reason"}
_CAN_HOLD_TEXT = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
PATIENT = {
    "first_name": "Zebulina",
    "last_name": "Quaxworth",
    "email": "quaxmail@canary.example",
    "phone": "+4915112345678",
}


def columns() -> list[tuple[type[models.Model], str]]:
    return [
        (model, field.name)
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, _CAN_HOLD_TEXT) or type(field) is models.DateField
    ]


def test_every_test_it_names_exists() -> None:
    named = NAMED_TEST.findall(TEXT)

    assert len(named) > 30
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not re.search(rf"def {name}\(", (ROOT / path).read_text())
    ]
    assert missing == []
    assert len(named) == TEXT.count("::test_")


def test_every_column_that_can_hold_a_patients_data_is_in_the_map() -> None:
    unmapped = {
        f"{model.__name__}.{name}"
        for model, name in columns()
        if model.__name__ not in ABOUT_NOBODY_TREATED
        and not (UIDS_AND_WORDS.search(name) and model.__name__ != "Patient")
        and name != "uid"
    }

    assert unmapped - OUR_WORDS == MAPPED


@pytest.mark.django_db
def test_no_other_column_holds_a_patient_after_a_clinic_has_lived() -> None:
    make_everything(utc_now(), **PATIENT)
    found = {
        f"{model.__name__}.{name}" for model, name in columns() if _holds_the_patient(model, name)
    }

    assert found - MAPPED == set()
    assert {"Patient.last_name", "Event.data", "Delivery.address"} < found


def _holds_the_patient(model: type[models.Model], name: str) -> bool:
    [field] = [field for field in model._meta.concrete_fields if field.name == name]
    table, column = model._meta.db_table, field.column
    is_binary = isinstance(field, models.BinaryField)
    text = f"encode(\"{column}\", 'escape')" if is_binary else f'"{column}"::text'
    with connection.cursor() as cursor:
        cursor.execute(
            f'SELECT EXISTS (SELECT FROM "{table}" WHERE {text} ~* %s)',  # noqa: S608  # our tables
            ["|".join(re.escape(word.lstrip("+")) for word in PATIENT.values())],
        )
        (is_found,) = cursor.fetchone()
    return bool(is_found)


def test_the_retention_it_states_is_the_default() -> None:
    stated = TEXT[TEXT.index("## How long") : TEXT.index("## Erasure")]
    for setting in ("UNCONFIRMED_HOLDS_DAYS", "DELIVERY_BODIES_DAYS", "RETENTION_DAYS"):
        [row] = [line for line in stated.splitlines() if f"`{setting}`" in line]
        match = re.search(r"(\d+) days", row)
        assert match
        assert int(match[1]) == env.defaults[setting]
