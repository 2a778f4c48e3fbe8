"""A call by key leaves the rows the portal's verb and its pages leave: all columns but identifiers and who acted."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import models
from django.urls import reverse

from appointments import availability_edits as edits
from appointments import lifecycle, types
from appointments.models import (
    Appointment,
    AppointmentTransition,
    AppointmentType,
    AppointmentTypeDoctor,
)
from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff
from availability.values import OverrideValues, TimeOffValues, WindowValues
from common.clock import to_epoch, utc_now
from notifications.models import Delivery, Event
from organisations import doctors
from organisations.actors import Actor, ActorKind
from organisations.models import AuditEntry, Doctor
from reminders import rules
from reminders.models import ReminderRule
from tests.api.everything import undone
from tests.api.world import Clinic, on_the_grid
from tests.factories import make_member
from tests.portals.browsers import sign_in

from .world import Integrator

WRITTEN: tuple[type[models.Model], ...] = (
    Appointment,
    AppointmentTransition,
    AppointmentType,
    AppointmentTypeDoctor,
    AvailabilityOverride,
    AvailabilityWindow,
    TimeOff,
    Doctor,
    ReminderRule,
    Event,
    Delivery,
    AuditEntry,
)
# Identifiers and chance; who acted; and what Django itself stamps with the machine's clock.
LEFT_OUT = {"id", "uid", "link_nonce", "actor_uid", "actor_label", "ip_address"}
STAMPED = (AppointmentType, AvailabilityOverride, AvailabilityWindow, TimeOff)
_UID = re.compile(r"\b[a-z]{2,5}-[0-9a-z]{20,24}\b")
_URL = re.compile(r"https?://[^\s\"'<>\\]+")

Rows = dict[str, list[str]]


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    instant = utc_now().replace(microsecond=0)
    for place in ("acting", "appointments"):
        monkeypatch.setattr(f"api.management.{place}.utc_now", lambda: instant)
    monkeypatch.setattr("portals.clinic.access.utc_now", lambda: instant)
    return instant


def snapshot(known: set[tuple[type[models.Model], Any]], known_uids: set[str]) -> Rows:
    """Every row as text; what did not exist before is called new, for its number is chance."""

    def column(row: models.Model, field: Any) -> str:
        value = getattr(row, field.attname)
        if field.is_relation:
            return str(value) if (field.related_model, value) in known or not value else "new"
        text = bytes(value).decode() if isinstance(value, bytes | memoryview) else str(value)
        text = _URL.sub("url", text)
        return _UID.sub(lambda uid: uid[0] if uid[0] in known_uids else "new", text)

    found = {}
    for model in WRITTEN:
        left_out = LEFT_OUT | ({"created_at", "updated_at"} if model in STAMPED else set())
        fields = [each for each in model._meta.concrete_fields if each.name not in left_out]
        found[model.__name__] = sorted(
            " | ".join(f"{field.name}={column(row, field)}" for field in fields)
            for row in model._default_manager.all()
        )
    return found


def everything_there() -> tuple[set[tuple[type[models.Model], Any]], set[str]]:
    """The rows that are referred to, and every uid, before anything is done."""
    referred: set[Any] = {
        field.related_model
        for each in WRITTEN
        for field in each._meta.concrete_fields
        if field.is_relation
    }
    known = {(model, row.pk) for model in referred for row in model._default_manager.all()}
    uids: set[str] = set()
    for model in referred.union(WRITTEN):
        if any(field.name == "uid" for field in model._meta.concrete_fields):
            uids |= set(model._default_manager.values_list("uid", flat=True))
    return known, uids


Act = tuple[Callable[[], object], Callable[[], Any]]


def moves(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    later = on_the_grid(timedelta(days=3))
    visit = clinic.appointment(clinic.patient("a"))
    begun = clinic.appointment(clinic.patient("b"), starts_at=by["now"] - timedelta(minutes=5))
    one, past = (f"/scheduling/appointments/{row.uid}" for row in (visit, begun))
    told: dict[str, Any] = {"reason": "ill", "message": "Sorry", "on_behalf_of": "doctor"}
    return {
        "cancel": (
            lambda: lifecycle.cancel(visit, **told, **by),
            lambda: api.post(f"{one}/cancel", **told),
        ),
        "rebook": (
            lambda: lifecycle.rebook(visit, starts_at=later, **by),
            lambda: api.post(f"{one}/rebook", starts_at=to_epoch(later)),
        ),
        "complete": (
            lambda: lifecycle.complete(begun, **by),
            lambda: api.post(f"{past}/complete"),
        ),
        "no-show": (
            lambda: lifecycle.mark_no_show(begun, **by),
            lambda: api.post(f"{past}/no-show"),
        ),
    }


def settings_of_types(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    kind, path = clinic.kind, "/scheduling/appointment-types"
    new: dict[str, Any] = {"name": "Check", "duration_minutes": 20}
    rule: dict[str, Any] = {"recipient_group": "doctor", "minutes_before": 60, "send_sms": True}
    standing = rules.add_rule(kind, recipient_group="patient", minutes_before=60, **by)
    reminders = f"{path}/{kind.uid}/reminders"
    return {
        "type added": (
            lambda: types.add_type(
                AppointmentType(organisation=clinic.organisation, **new),
                doctors=[clinic.doctor],
                **by,
            ),
            lambda: api.post(path, **new, doctor_uids=[clinic.doctor.uid]),
        ),
        "type changed": (
            lambda: types.change_type(kind, {"name": "Other"}, doctors=[], **by),
            lambda: api.patch(f"{path}/{kind.uid}", name="Other", doctor_uids=[]),
        ),
        "type removed": (
            lambda: types.remove_type(kind, **by),
            lambda: api.delete(f"{path}/{kind.uid}"),
        ),
        "reminder added": (
            lambda: rules.add_rule(kind, **rule, **by),
            lambda: api.post(reminders, **rule),
        ),
        "reminder changed": (
            lambda: rules.change_rule(standing, minutes_before=5, **by),
            lambda: api.patch(f"{reminders}/{standing.uid}", minutes_before=5),
        ),
        "reminder removed": (
            lambda: rules.remove_rule(standing, **by),
            lambda: api.delete(f"{reminders}/{standing.uid}"),
        ),
    }


def hours(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    doctor, path = clinic.doctor, f"/scheduling/doctors/{clinic.doctor.uid}"
    window = doctor.availability_windows.get(weekday=0)
    return {
        "window changed": (
            lambda: edits.change_window(window, WindowValues(0, 540, 720), **by),
            lambda: api.patch(
                f"{path}/availability-rules/{window.uid}", start_time="09:00", end_time="12:00"
            ),
        ),
        "window removed": (
            lambda: edits.remove_window(window, **by),
            lambda: api.delete(f"{path}/availability-rules/{window.uid}"),
        ),
        "zone changed": (
            lambda: edits.change_timezone(doctor, timezone="Asia/Kolkata", **by),
            lambda: api.patch(f"/doctors/{doctor.uid}", timezone="Asia/Kolkata"),
        ),
        "number changed": (
            lambda: doctors.change_contact(doctor, mobile_phone="+4915123456789", **by),
            lambda: api.patch(f"/doctors/{doctor.uid}", mobile_phone="+49 151 23456789"),
        ),
    }


def dates(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    doctor, path = clinic.doctor, f"/scheduling/doctors/{clinic.doctor.uid}"
    day = date(2027, 3, 1)
    override = edits.set_override(doctor, OverrideValues(date(2027, 2, 1)), **by)
    span = [{"start_time": "09:00", "end_time": "02:00"}]
    return {
        "override added": (
            lambda: edits.add_override(doctor, OverrideValues(day, ((540, 120),)), **by),
            lambda: api.post(f"{path}/availability-overrides", date="2027-03-01", hours=span),
        ),
        "override changed": (
            lambda: edits.change_override(override, OverrideValues(day, ((600, 660),)), **by),
            lambda: api.patch(
                f"{path}/availability-overrides/{override.uid}",
                date="2027-03-01",
                hours=[{"start_time": "10:00", "end_time": "11:00"}],
            ),
        ),
        "time off added": (
            lambda: edits.add_time_off(doctor, TimeOffValues(day, day, 540), **by),
            lambda: api.post(
                f"{path}/time-off",
                start_date="2027-03-01",
                end_date="2027-03-01",
                start_time="09:00",
            ),
        ),
    }


def browser(clinic: Clinic) -> Callable[..., None]:
    """Posts forms of the admin portal as an admin of the clinic."""
    admin = sign_in(make_member(organisation=clinic.organisation).user)

    def press(route: str, uid: str, **data: Any) -> None:
        answer = admin.post(reverse(f"clinic:{route}", args=[uid]), data)
        assert answer.status_code == 302, (route, answer.content)

    return press


def pages_of_visits(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    press, later, doctor = browser(clinic), on_the_grid(timedelta(days=3)), clinic.doctor
    visit = clinic.appointment(clinic.patient("a"))
    begun = clinic.appointment(clinic.patient("b"), starts_at=by["now"] - timedelta(minutes=5))
    one, past = (f"/scheduling/appointments/{row.uid}" for row in (visit, begun))
    told: dict[str, Any] = {"reason": "ill", "message": "Sorry", "on_behalf_of": "doctor"}
    time: dict[str, Any] = {"at": to_epoch(later), "doctor": doctor.uid}
    return {
        "cancel": (
            lambda: press("appointment-cancel", visit.uid, **told, tell_patient="on"),
            lambda: api.post(f"{one}/cancel", **told),
        ),
        "rebook": (
            lambda: press("appointment-rebook", visit.uid, **time, tell_patient="on"),
            lambda: api.post(f"{one}/rebook", starts_at=to_epoch(later), doctor_uid=doctor.uid),
        ),
        "complete": (
            lambda: press("appointment-complete", begun.uid),
            lambda: api.post(f"{past}/complete"),
        ),
        "no-show": (
            lambda: press("appointment-no-show", begun.uid),
            lambda: api.post(f"{past}/no-show"),
        ),
    }


def pages_of_settings(clinic: Clinic, api: Integrator, by: dict[str, Any]) -> dict[str, Act]:
    press, kind, doctor = browser(clinic), clinic.kind, clinic.doctor
    reminders = f"/scheduling/appointment-types/{kind.uid}/reminders"
    number = "+49 151 12345678"
    rule: dict[str, Any] = {"recipient_group": "patient"}
    return {
        "reminder added": (
            lambda: press(
                "reminder-add", kind.uid, **rule, amount="24", unit="60", send_email="on"
            ),
            lambda: api.post(reminders, **rule, minutes_before=1440, send_email=True),
        ),
        "number changed": (
            lambda: press("doctor-phone", doctor.uid, mobile_phone=number),
            lambda: api.patch(f"/doctors/{doctor.uid}", mobile_phone=number),
        ),
    }


@pytest.mark.parametrize(
    "family", [moves, settings_of_types, hours, dates, pages_of_visits, pages_of_settings]
)
def test_a_call_leaves_the_rows_the_verb_leaves(
    clinic: Clinic,
    api: Integrator,
    now: datetime,
    family: Callable[[Clinic, Integrator, dict[str, Any]], dict[str, Act]],
) -> None:
    actor = Actor(ActorKind.ADMIN, "usr-portal", "Integrator")
    acts = family(clinic, api, {"actor": actor, "now": now})
    there = everything_there()
    before = snapshot(*there)

    for name, (by_verb, by_key) in acts.items():
        with undone():
            by_verb()
            expected = snapshot(*there)
        with undone():
            response = by_key()
            assert response.status_code < 300, (name, response.content)
            actual = snapshot(*there)

        assert expected != before, name
        assert actual == expected, name
