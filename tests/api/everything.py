"""Every operation below /v1/, from the resolver, and one of everything that one can name."""

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import PathView

from appointments.models import Appointment
from availability.models import AvailabilityOverride, TimeOff
from common.clock import to_epoch, utc_now
from notifications import subscriptions
from notifications.models import EventType, NotificationSubscription
from organisations.models import Patient
from reminders import rules
from reminders.models import ReminderRule
from tests.factories import ADMIN

from .world import Clinic, on_the_grid

MANAGEMENT, SCHEDULING = "/v1/management", "/v1/scheduling"
TARGET = "https://93.184.216.34/hook"  # an address, so that no name is looked up
DAY_OFF = date(2031, 5, 5)
Json = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    method: str
    path: str

    @property
    def label(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names_one(self) -> bool:
        return "{" in self.path


def operations() -> list[Operation]:
    """What ninja dispatches to behind every route; its document and page answer anybody."""
    found = [
        Operation(method, path)
        for path, view in _views(get_resolver())
        if path.startswith("/v1/") and inspect.isfunction(view)
        if isinstance(behind := inspect.getclosurevars(view).nonlocals.get("self"), PathView)
        for operation in behind.operations
        for method in operation.methods
    ]
    return list(
        dict.fromkeys(found)
    )  # ninja has a pattern per operation, each with all of the path


def _views(resolver: URLResolver, prefix: str = "/") -> Iterator[tuple[str, Any]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _views(entry, path)
        elif isinstance(entry, URLPattern):
            yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", path), entry.callback


@dataclass(frozen=True)
class Everything:
    """A clinic in which each kind of thing is there once. `later`: a start the visit can be moved to."""

    clinic: Clinic
    patient: Patient
    visit: Appointment
    rule: ReminderRule
    override: AvailabilityOverride
    time_off: TimeOff
    subscription: NotificationSubscription
    later: int

    def named_in(self, path: str) -> dict[str, str]:
        """The path's parameters, naming what is ours."""
        kinds = {
            "appointments": self.visit.uid,
            "appointment-types": self.clinic.kind.uid,
            "reminders": self.rule.uid,
            "doctors": self.clinic.doctor.uid,
            "availability-rules": self.clinic.doctor.availability_windows.earliest("pk").uid,
            "availability-overrides": self.override.uid,
            "time-off": self.time_off.uid,
            "booking-secrets": self.clinic.secret.key_id,
            "patients": self.patient.uid,
            "notification-subscriptions": self.subscription.uid,
        }
        return {name: kinds[kind] for kind, name in re.findall(r"([^/]+)/\{(\w+)\}", path)}

    def url_of(self, operation: Operation) -> str:
        return operation.path.format(**self.named_in(operation.path))

    def query_of(self, operation: Operation) -> Json:
        shop = {"shop_uid": self.clinic.shop.uid}
        span = {"from": self.later, "to": self.later + 3600}
        queries: dict[str, Json] = {
            f"{SCHEDULING}/appointment-types": shop,
            f"{SCHEDULING}/doctors": shop,
            f"{SCHEDULING}/slots": {**shop, **span, "appointment_type_uid": self.clinic.kind.uid},
            f"{SCHEDULING}/appointments": {"patient_profile_uid": self.patient.uid},
            f"{SCHEDULING}/appointments/{{uid}}/rebook-slots": span,
            f"{MANAGEMENT}/patients": {"email": self.patient.email},
        }
        return queries.get(operation.path, {}) if operation.method == "GET" else {}

    def body_of(self, operation: Operation) -> Json | None:
        """What makes the call succeed, or be refused for the state of things only."""
        return self._bodies().get(operation.label)

    def _bodies(self) -> dict[str, Json]:
        return {**self._bodies_of_visits(), **self._bodies_of_rules(), **self._bodies_of_others()}

    def _bodies_of_visits(self) -> dict[str, Json]:
        start = {"starts_at": self.later}
        held = {
            "patient_profile_uid": self.patient.uid,
            "appointment_type_uid": self.clinic.kind.uid,
        }
        visits = f"{MANAGEMENT}/scheduling/appointments"
        return {
            f"POST {SCHEDULING}/appointments": {**start, **held},
            f"POST {SCHEDULING}/appointments/{{uid}}/rebook": start,
            f"POST {visits}/{{uid}}/cancel": {"reason": "Ill"},
            f"POST {visits}/{{uid}}/rebook": start,
        }

    def _bodies_of_rules(self) -> dict[str, Json]:
        base = f"POST {MANAGEMENT}/scheduling"
        hours = f"{base}/doctors/{{doctor_uid}}"
        day = (DAY_OFF + timedelta(days=1)).isoformat()
        reminder = {"recipient_group": "doctor", "minutes_before": 30}
        window = {"weekday": "monday", "start_time": "09:00", "end_time": "17:00"}
        return {
            f"{base}/appointment-types": {"name": "Follow-up", "duration_minutes": 20},
            f"{base}/appointment-types/{{type_uid}}/reminders": reminder,
            f"{hours}/availability-rules": window,
            f"{hours}/availability-overrides": {"date": day, "hours": []},
            f"PATCH {hours.removeprefix('POST ')}/availability-overrides/{{uid}}": {"hours": []},
            f"{hours}/time-off": {"start_date": day, "end_date": day},
        }

    def _bodies_of_others(self) -> dict[str, Json]:
        subscription = {"notification_type": EventType.REMINDER_DUE.value, "target": TARGET}
        uid = {"uid": self.subscription.uid}
        return {
            f"POST {MANAGEMENT}/scheduling/booking-secrets": {"name": "Backend"},
            f"POST {MANAGEMENT}/patients": {
                "shop_uid": self.clinic.shop.uid,
                "shop_customer_id": "new",
            },
            f"POST {MANAGEMENT}/notification-subscriptions": subscription,
            f"DELETE {MANAGEMENT}/notification-subscriptions": uid,
            f"POST {MANAGEMENT}/notification-subscriptions/test": uid,
        }


@contextmanager
def undone() -> Iterator[None]:
    """What happens within is taken back. A bare savepoint, so that durable transactions may begin."""
    savepoint = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(savepoint)


def make_everything(clinic: Clinic) -> Everything:
    now = utc_now()
    patient = clinic.patient()
    visit = clinic.appointment(patient)
    owned = {"organisation": clinic.organisation, "doctor": clinic.doctor}
    return Everything(
        clinic=clinic,
        patient=patient,
        visit=visit,
        rule=rules.add_rule(
            clinic.kind,
            recipient_group="patient",
            minutes_before=60,
            send_email=True,
            send_sms=False,
            actor=ADMIN,
            now=now,
        ),
        override=AvailabilityOverride.objects.create(date=DAY_OFF, **owned),
        time_off=TimeOff.objects.create(start_date=DAY_OFF, end_date=DAY_OFF, **owned),
        subscription=subscriptions.create(
            clinic.organisation,
            notification_type=EventType.MEETING_UPDATED,
            target=TARGET,
            actor=ADMIN,
            now=now,
        )[0],
        later=to_epoch(on_the_grid(timedelta(hours=48))),
    )
