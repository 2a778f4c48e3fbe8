"""The rows of the list as a CSV file: exactly these, all pages."""

from collections.abc import Iterator
from datetime import datetime

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from appointments.models import Appointment, AppointmentQuerySet
from organisations import audit
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.csv_export import CHUNK, Cell, csv_response
from portals.visits.filters import appointments_of, filters_of

HEADER = (
    "uid",
    "starts_at",
    "ends_at",
    "status",
    "doctor_uid",
    "doctor",
    "doctor_timezone",
    "patient_uid",
    "patient",
    "appointment_type",
    "shop",
    "client_reference",
    "hold_expires_at",
    "confirmed_at",
    "cancelled_at",
    "cancelled_by",
    "cancelled_on_behalf_of",
    "cancellation_reason",
    "cancellation_message",
    "moved_from_uid",
    "moved_to_uid",
)


@clinic_page(Right.EXPORT)
@require_safe
def export(request: ClinicRequest) -> HttpResponseBase:
    """Audited before the first row leaves: with which filters, never with whose data."""
    now, zone = request.now, request.zone
    filters, _ = filters_of(request, request.organisation, now=now, zone=zone)
    audit.record(
        request.organisation,
        "appointments.exported",
        actor=request.actor,
        now=now,
        details={"filters": [f"{field}={value}" for field, value in filters.pairs]},
    )
    rows = filters.narrow(appointments_of(request.organisation), now=now, zone=zone)
    sign = "-" if filters.view.is_newest_first else ""
    ordered = rows.for_display().order_by(f"{sign}starts_at", f"{sign}uid")
    name = f"appointments-{filters.view}.csv"
    return csv_response(name, HEADER, _cells(ordered, now), zone_name=zone)


def _cells(rows: AppointmentQuerySet, now: datetime) -> Iterator[list[Cell]]:
    for visit in rows.iterator(chunk_size=CHUNK):
        yield _line(visit, now)


def _line(visit: Appointment, now: datetime) -> list[Cell]:
    return [
        visit.uid,
        visit.starts_at,
        visit.ends_at,
        str(visit.status_at(now)),
        visit.doctor.uid,
        visit.doctor.display_name,
        visit.doctor.timezone,
        visit.patient.uid,
        visit.patient.display_name,
        visit.appointment_type.name,
        visit.shop.identifier,
        visit.client_reference,
        visit.hold_expires_at,
        visit.confirmed_at,
        visit.cancelled_at,
        visit.cancelled_by,
        visit.cancelled_on_behalf_of,
        visit.cancellation_reason,
        visit.cancellation_message,
        uid_of(visit.previous),
        uid_of(getattr(visit, "rebooked_to", None)),
    ]


def uid_of(visit: Appointment | None) -> str:
    return visit.uid if visit else ""
