"""Patients and their visits, as the pages ask for them."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from appointments.models import Appointment
from appointments.models.appointment import AppointmentQuerySet
from appointments.status import ACTIVE, Status
from organisations.models import Organisation, Patient


def listed(organisation: Organisation, now: datetime) -> QuerySet[Patient]:
    """Every patient, with `next_visit_at`: the start of the next visit that is held or booked."""
    ahead = (
        Appointment.objects.filter(patient=OuterRef("pk"), starts_at__gt=now)
        .with_status_now(list(ACTIVE), now)
        .order_by("starts_at")
    )
    return (
        Patient.objects.of(organisation)
        .select_related("shop")
        .annotate(next_visit_at=Subquery(ahead.values("starts_at")[:1]))
    )


def upcoming(patient: Patient, now: datetime) -> AppointmentQuerySet:
    """Held or booked and not yet ended, the next one first."""
    return _visits(patient).upcoming(now).order_by("starts_at", "uid")


def earlier(patient: Patient, now: datetime) -> AppointmentQuerySet:
    """All others, to be paged by (starts_at, uid): past ones, and what was called off."""
    running = Q(status=Status.CONFIRMED) | Q(status=Status.HELD, hold_expires_at__gt=now)
    return _visits(patient).exclude(running, ends_at__gt=now)


def _visits(patient: Patient) -> AppointmentQuerySet:
    moved_on = Appointment.objects.filter(previous=OuterRef("pk"))
    return (
        Appointment.objects.filter(patient=patient)
        .select_related("doctor", "appointment_type")
        .annotate(was_moved=Exists(moved_on))
    )
