"""Small stories in the demo's first clinic, each told once: made by the domain's verbs with a `now` in the past."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TypedDict
from zoneinfo import ZoneInfo

from appointments import lifecycle, slots
from appointments.models import Appointment
from availability import editing
from availability.values import TimeOffValues
from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from common.clock import from_epoch, to_epoch
from notifications import callbacks, delivery
from notifications.callbacks import Report
from notifications.models import Channel, Delivery
from organisations.actors import Actor, ActorKind
from organisations.models import Patient
from reminders import firing

from .acts import PARTNER, as_doctor, as_patient, book, first_free, someone
from .clinic import CHECK_IN, Clinic

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
OLD_SECRET = "Shop backend (before the move)"  # noqa: S105  # its name

MOVED = "story-moved"
REMINDED = "story-reminded"
AWAY = ("story-away-1", "story-away-2")
CANCELLED_BY = {
    ActorKind.PATIENT: ("story-cancelled-by-patient", "Jonas Falk"),
    ActorKind.PARTNER: ("story-cancelled-by-partner", "Sofia Rossi"),
    ActorKind.ADMIN: ("story-cancelled-by-admin", "Hannah Ritter"),
    ActorKind.DOCTOR: ("story-cancelled-by-doctor", "Emil Seidel"),
}


class Said(TypedDict):
    reason: str
    message: str
    on_behalf_of: str


SAID = {
    ActorKind.PATIENT: Said(reason="", message="", on_behalf_of=""),
    ActorKind.PARTNER: Said(reason="Order cancelled", message="", on_behalf_of=""),
    ActorKind.ADMIN: Said(
        reason="Patient called: cannot make it",
        message="We cancelled your visit as you asked. Book again whenever it suits you.",
        on_behalf_of="patient",
    ),
    ActorKind.DOCTOR: Said(
        reason="Doctor is ill",
        message="I am sorry, I have to cancel our visit. Please choose another time.",
        on_behalf_of="",
    ),
}


def tell(clinic: Clinic, *, now: datetime) -> list[str]:
    """Whatever has not been told yet; returns what was. A story stands when its patient has visits."""
    stories: dict[str, Callable[[Clinic, datetime], None]] = {
        MOVED: moved_twice,
        REMINDED: reminded_in_every_way,
        AWAY[0]: away_with_two_visits,
        CANCELLED_BY[ActorKind.DOCTOR][0]: cancelled_by_each,
    }
    told = []
    for customer_id, story in stories.items():
        visits = Appointment.objects.of(clinic.organisation)
        if not visits.filter(patient__shop_customer_id=customer_id).exists():
            story(clinic, now)
            told.append(customer_id)
    if not BookingSecret.objects.of(clinic.organisation).filter(name=OLD_SECRET).exists():
        revoked_secret(clinic, now)
        told.append(OLD_SECRET)
    return told


def moved_twice(clinic: Clinic, now: datetime) -> None:
    """A → B → C: the patient moves it to another day, then the clinic to another doctor."""
    patient = someone(clinic.shop, MOVED, "Elif Demir", now=now - 5 * DAY)
    kind, first, second = clinic.types[0], clinic.doctors[0], clinic.doctors[1]
    at = now - 3 * DAY
    visit = book(patient, kind, first, first_free(kind, first, now + DAY, DAY, now=at), now=at)
    at = now - 2 * DAY
    later = first_free(kind, first, now + 3 * DAY, DAY, now=at)
    visit = lifecycle.rebook(visit, starts_at=later, actor=as_patient(patient), now=at)
    delivery.deliver_due(at)
    at = now - DAY
    elsewhere = first_free(kind, second, now + 2 * DAY, 7 * DAY, now=at)
    lifecycle.rebook(visit, starts_at=elsewhere, doctor=second, actor=_admin(clinic), now=at)
    delivery.deliver_due(at)


def cancelled_by_each(clinic: Clinic, now: datetime) -> None:
    kind, doctor = clinic.types[0], clinic.doctors[0]
    booked_at, cancelled_at = now - 2 * DAY, now - 20 * HOUR
    for days, (kind_of_actor, (customer_id, name)) in enumerate(CANCELLED_BY.items(), start=2):
        patient = someone(clinic.shop, customer_id, name, now=booked_at)
        start = first_free(kind, doctor, now + days * DAY, DAY, now=booked_at)
        visit = book(patient, kind, doctor, start, now=booked_at)
        actors = {
            ActorKind.PATIENT: as_patient(patient),
            ActorKind.PARTNER: PARTNER,
            ActorKind.ADMIN: _admin(clinic),
            ActorKind.DOCTOR: as_doctor(doctor),
        }
        lifecycle.cancel(
            visit,
            **SAID[kind_of_actor],
            actor=actors[kind_of_actor],
            now=cancelled_at,
        )
    delivery.deliver_due(cancelled_at)


def reminded_in_every_way(clinic: Clinic, now: datetime) -> None:
    """Booked three hours ahead by somebody without a number, whose mailbox turns out not to exist."""
    patient = someone(clinic.shop, REMINDED, "Theo Bennett", now=now - 3 * DAY, language="en")
    kind = next(kind for kind in clinic.types if kind.name == CHECK_IN.name)
    doctor = clinic.doctors[0]
    since = now - 30 * HOUR
    start = first_free(kind, doctor, since, DAY, now=since - 3 * HOUR)
    visit = book(patient, kind, doctor, start, now=start - 3 * HOUR)
    _pass(start - 3 * HOUR)  # a day ahead is over: booked late
    _pass(start - HOUR)
    mail = _reminder_mail(visit, patient)
    callbacks.settle(mail, Report.BOUNCED, reason="550 5.1.1 no such user", now=start - 58 * MINUTE)
    _pass(start - 15 * MINUTE)
    lifecycle.complete(visit, actor=as_doctor(doctor), now=start + 20 * MINUTE)


def away_with_two_visits(clinic: Clinic, now: datetime) -> None:
    """Two visits in a row, then the doctor is away that hour."""
    kind, doctor = clinic.types[0], clinic.doctors[3]
    at, length = now - 2 * DAY, kind.duration_minutes * 60
    free = slots.bookable(
        kind, start=to_epoch(now + 3 * DAY), end=to_epoch(now + 13 * DAY), now=at, doctor=doctor
    )
    first = next(
        one.starts_at for one, two in pairwise(free) if two.starts_at - one.starts_at == length
    )
    names = ("Frieda Busch", "Milan Novak")
    for number, (customer_id, name) in enumerate(zip(AWAY, names, strict=True)):
        patient = someone(clinic.shop, customer_id, name, now=at)
        book(patient, kind, doctor, from_epoch(first + number * length), now=at)
    delivery.deliver_due(at)
    zone = ZoneInfo(doctor.timezone)
    start, end = (from_epoch(each).astimezone(zone) for each in (first, first + 2 * length))
    values = TimeOffValues(
        start_date=start.date(),
        end_date=end.date(),
        start_minute=start.hour * 60 + start.minute,
        end_minute=end.hour * 60 + end.minute,
        note="School play",
    )
    editing.add_time_off(doctor, values, actor=as_doctor(doctor), now=now - DAY)


def revoked_secret(clinic: Clinic, now: datetime) -> None:
    secret, _ = secrets.create(
        clinic.organisation, name=OLD_SECRET, actor=_admin(clinic), now=now - 12 * DAY
    )
    secrets.revoke(secret, actor=_admin(clinic), now=now - 4 * DAY)


def _pass(at: datetime) -> None:
    firing.fire_due(at)
    delivery.deliver_due(at)


def _reminder_mail(visit: Appointment, patient: Patient) -> Delivery:
    mails = Delivery.objects.of(visit.organisation).filter(
        about_uid=visit.uid, recipient_uid=patient.uid, channel=Channel.EMAIL
    )
    return mails.latest("id")


def _admin(clinic: Clinic) -> Actor:
    return Actor(ActorKind.ADMIN, label=clinic.plan.admin_name)
