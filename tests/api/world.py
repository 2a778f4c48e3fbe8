"""A clinic with credentials, and a partner that calls it through the Django test client."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from django.test import Client

from appointments.models import Appointment, AppointmentType
from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from common.clock import to_epoch
from organisations import api_keys
from organisations.models import Doctor, Organisation, Patient, Permission, Shop
from tests.factories import (
    ADMIN,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    open_all_week,
)

TOKEN_HEADER = "X-RxScale-Booking-Token"
KEY_HEADER = "X-API-Key"
BASE = "/v1/scheduling"


def on_the_grid(after: timedelta) -> datetime:
    """The next full hour at least `after` from now: on every half-hour grid of an open doctor."""
    later = datetime.now(UTC) + after + timedelta(hours=1)
    return later.replace(minute=0, second=0, microsecond=0)


def mint(key_id: str, secret: str, **claims: Any) -> str:
    """The documented minter; a claim of None is left out."""
    now = int(time.time())
    payload = {
        "aud": "rxscale-scheduling",
        "iat": now,
        "nbf": now - 10,
        "exp": now + 300,
        "patient_profile_fields": [],
        **claims,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, secret, algorithm="HS256", headers={"kid": key_id})


@dataclass
class Clinic:
    organisation: Organisation
    shop: Shop
    doctor: Doctor
    kind: AppointmentType
    secret: BookingSecret
    secret_text: str

    def token(self, customer: str = "customer-1", **claims: Any) -> str:
        claims = {"shop_identifier": self.shop.identifier, **claims}
        return mint(self.secret.key_id, self.secret_text, shop_customer_id=customer, **claims)

    def api_key(
        self, *permissions: Permission, shop: Shop | None = None, name: str = "Integrator"
    ) -> str:
        _, text = api_keys.issue(
            self.organisation,
            name=name,
            permissions=permissions or [Permission.SCHEDULING_WRITE],
            shop=shop,
            actor=ADMIN,
            now=datetime.now(UTC),
        )
        return text

    def patient(self, customer: str = "customer-1", **fields: Any) -> Patient:
        return make_patient(shop=self.shop, shop_customer_id=customer, **fields)

    def appointment(self, patient: Patient, **fields: Any) -> Appointment:
        """A row in any state; `starts_at` and `now` default to tomorrow and now."""
        now = fields.pop("now", datetime.now(UTC))
        fields.setdefault("starts_at", on_the_grid(timedelta(hours=24)))
        fields.setdefault("doctor", self.doctor)
        fields.setdefault("appointment_type", self.kind)
        return make_appointment(patient=patient, now=now, **fields)

    def second_doctor(self) -> Doctor:
        doctor = make_doctor(organisation=self.organisation, display_name="Dr Otto Berg")
        open_all_week(doctor)
        self.kind.doctors.add(doctor, through_defaults={"organisation": self.organisation})
        return doctor


def make_clinic(*, name: str = "Northside Clinic", **kind: Any) -> Clinic:
    organisation = make_organisation(name=name)
    shop = make_shop(organisation=organisation)
    doctor = make_doctor(organisation=organisation, timezone="UTC")
    open_all_week(doctor)
    secret, text = secrets.create(
        organisation, name="Shop backend", actor=ADMIN, now=datetime.now(UTC)
    )
    return Clinic(
        organisation=organisation,
        shop=shop,
        doctor=doctor,
        kind=make_type(organisation=organisation, doctors=[doctor], **kind),
        secret=secret,
        secret_text=text,
    )


@dataclass
class Partner:
    """Calls with one credential (or none); answers are (status, parsed body)."""

    headers: Mapping[str, str] = field(default_factory=dict)
    client: Client = field(default_factory=Client)

    def get(self, path: str, headers: Any = None, **query: Any) -> Any:
        sent = {name.rstrip("_"): value for name, value in query.items()}
        return self.client.get(
            f"{BASE}{path}", query_params=sent, headers={**self.headers, **(headers or {})}
        )

    def post(self, path: str, headers: Any = None, **body: Any) -> Any:
        return self.client.post(
            f"{BASE}{path}",
            data=body,
            content_type="application/json",
            headers={**self.headers, **(headers or {})},
        )

    def hold(self, clinic: Clinic, starts_at: datetime, **body: Any) -> Any:
        sent = {
            "appointment_type_uid": clinic.kind.uid,
            "starts_at": to_epoch(starts_at),
            **body,
        }
        return self.post("/appointments", **sent)


def with_token(clinic: Clinic, customer: str = "customer-1", **claims: Any) -> Partner:
    return Partner({TOKEN_HEADER: clinic.token(customer, **claims)})


def with_key(clinic: Clinic, **options: Any) -> Partner:
    return Partner({KEY_HEADER: clinic.api_key(**options)})
