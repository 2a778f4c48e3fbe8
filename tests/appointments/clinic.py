"""A clinic that is always open, and short ways to act in it through the verbs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments import lifecycle
from appointments.models import Appointment, AppointmentType
from organisations.actors import Actor
from organisations.models import Doctor, Organisation, Patient, Shop
from tests.factories import (
    NOW,
    PATIENT,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    open_all_week,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# Monday 14:00 UTC, six hours ahead of NOW and on the grid of every type.
START = NOW + 6 * HOUR


@dataclass(frozen=True)
class Clinic:
    organisation: Organisation
    shop: Shop
    doctors: list[Doctor]
    kind: AppointmentType

    @property
    def doctor(self) -> Doctor:
        return self.doctors[0]

    def new_patient(self) -> Patient:
        return make_patient(shop=self.shop)

    def new_doctor(self) -> Doctor:
        """Another doctor who is always open, but offers nothing yet."""
        return _open_doctor(self.organisation)

    def hold(
        self,
        starts_at: datetime = START,
        *,
        patient: Patient | None = None,
        kind: AppointmentType | None = None,
        doctor: Doctor | None = None,
        actor: Actor = PATIENT,
        now: datetime = NOW,
        client_reference: str = "",
    ) -> Appointment:
        return lifecycle.hold(
            patient=patient or self.new_patient(),
            appointment_type=kind or self.kind,
            starts_at=starts_at,
            doctor=doctor,
            client_reference=client_reference,
            actor=actor,
            now=now,
        )

    def book(
        self,
        starts_at: datetime = START,
        *,
        patient: Patient | None = None,
        kind: AppointmentType | None = None,
        doctor: Doctor | None = None,
        actor: Actor = PATIENT,
        now: datetime = NOW,
    ) -> Appointment:
        held = self.hold(starts_at, patient=patient, kind=kind, doctor=doctor, actor=actor, now=now)
        return lifecycle.confirm(held, actor=actor, now=now)


def make_clinic(*, doctors: int = 1, duration_minutes: int = 30, **type_fields: object) -> Clinic:
    """So many doctors, open all week, and one type they all offer; its fields may be set."""
    organisation = make_organisation()
    cast = [_open_doctor(organisation, number) for number in range(doctors)]
    return Clinic(
        organisation=organisation,
        shop=make_shop(organisation=organisation),
        doctors=cast,
        kind=make_type(
            organisation=organisation,
            doctors=cast,
            duration_minutes=duration_minutes,
            **type_fields,
        ),
    )


def _open_doctor(organisation: Organisation, number: int = 0) -> Doctor:
    doctor = make_doctor(organisation=organisation, display_name=f"Dr Number {number}")
    open_all_week(doctor)
    return doctor
