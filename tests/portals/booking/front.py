"""A patient at the booking page: a clinic with free times, a shop that mints codes, and a browser."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.test import Client
from django.urls import reverse

from appointments.models import Appointment, AppointmentType
from booking_secrets import launch_codes, secrets
from booking_secrets.models import BookingLaunchCode, BookingSecret
from booking_secrets.tokens import BookingToken
from organisations import patients
from organisations.models import Patient
from portals.booking.launch import CODE
from tests.appointments.clinic import Clinic
from tests.factories import ADMIN

PROFILE = {"first_name": "Paula", "last_name": "Patient", "email": "paula@patients.example"}


@dataclass
class Shop:
    """The partner's side: a secret, and a code for its customer."""

    clinic: Clinic
    now: datetime
    secret: BookingSecret = field(init=False)

    def __post_init__(self) -> None:
        organisation = self.clinic.organisation
        self.secret, _ = secrets.create(organisation, name="Backend", actor=ADMIN, now=self.now)

    def code(self, customer: str = "customer-1", **profile: str) -> str:
        shop = self.clinic.shop
        fields = tuple((profile or PROFILE).items())
        upserted = patients.upsert(shop, customer, fields, now=self.now)
        token = BookingToken(
            secret=self.secret,
            organisation=self.clinic.organisation,
            shop=shop,
            shop_customer_id=customer,
            profile_fields=fields,
            expires_at=self.now,
        )
        return launch_codes.issue(
            token, upserted.patient, now=self.now, warnings=upserted.warnings
        )[0]


@dataclass
class Visitor:
    """A browser that came through a launch code, for that patient."""

    client: Client
    patient: Patient

    def choose(self, **query: str) -> Any:
        return self.client.get(reverse("booking:choose"), query)

    def hold(self, kind: AppointmentType, at: datetime, doctor: str = "any") -> Any:
        posted = {"type": kind.uid, "doctor": doctor, "at": str(int(at.timestamp()))}
        return self.client.post(reverse("booking:hold"), posted)

    def held(self) -> Appointment:
        return Appointment.objects.filter(patient=self.patient).latest("pk")

    def confirm(self, visit: Appointment, **typed: str) -> Any:
        url = reverse("booking:details", args=[visit.uid])
        return self.client.post(url, PROFILE | typed)

    def release(self, visit: Appointment, query: str = "", **typed: str) -> Any:
        return self.client.post(reverse("booking:release", args=[visit.uid]) + query, typed)


def launched(code: str, *, zone: str = "", client: Client | None = None) -> Visitor:
    client = client or Client()
    answer = client.post(reverse("booking:launch"), {CODE: code, "timezone": zone})
    assert answer.status_code == 302
    row = BookingLaunchCode.objects.get(digest=launch_codes.digest_of(code))
    return Visitor(client, row.patient)
