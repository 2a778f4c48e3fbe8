"""What people of the demo do, and who they are to the verbs."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from appointments import lifecycle, slots
from appointments.models import Appointment, AppointmentType
from common.clock import from_epoch, to_epoch
from organisations import patients
from organisations.actors import Actor, ActorKind
from organisations.models import Doctor, Patient, Shop

PARTNER = Actor(ActorKind.PARTNER, label="Shop backend")


class NothingFree(Exception):
    """No start to be had in the span, which the demo's doctors never lack."""


def as_patient(patient: Patient) -> Actor:
    return Actor(ActorKind.PATIENT, uid=patient.uid, label="Patient")


def as_doctor(doctor: Doctor) -> Actor:
    return Actor(ActorKind.DOCTOR, uid=user_of(doctor), label=doctor.display_name)


def user_of(doctor: Doctor) -> str:
    return doctor.user.uid if doctor.user else ""


def someone(shop: Shop, customer_id: str, name: str, *, now: datetime, **fields: str) -> Patient:
    """A patient of the stories, known to the shop by that id."""
    first, _, last = name.partition(" ")
    known = {
        "first_name": first,
        "last_name": last,
        "email": f"{first}.{last}@patients.example".lower(),
        "timezone": "Europe/Berlin",
        "language": "de",
        **fields,
    }
    return patients.upsert(shop, customer_id, list(known.items()), now=now).patient


def first_free(
    kind: AppointmentType, doctor: Doctor, since: datetime, span: timedelta, *, now: datetime
) -> datetime:
    """The doctor's first start within `span` of the first nine o'clock from `since` on. Raises NothingFree."""
    nine = _nine_oclock(since.astimezone(ZoneInfo(doctor.timezone)))
    start = to_epoch(nine)
    end = start + int(span.total_seconds())
    free = slots.bookable(kind, start=start, end=end, now=now, doctor=doctor)
    if not free:
        raise NothingFree(f"{doctor.display_name} has nothing free from {nine:%Y-%m-%d} on")
    return from_epoch(free[0].starts_at)


def _nine_oclock(local: datetime) -> datetime:
    nine = local.replace(hour=9, minute=0, second=0, microsecond=0)
    return nine if nine >= local else nine + timedelta(days=1)


def book(
    patient: Patient, kind: AppointmentType, doctor: Doctor, starts_at: datetime, *, now: datetime
) -> Appointment:
    actor = as_patient(patient)
    held = lifecycle.hold(
        patient=patient,
        appointment_type=kind,
        starts_at=starts_at,
        doctor=doctor,
        actor=actor,
        now=now,
    )
    return lifecycle.confirm(held, actor=actor, now=now)
