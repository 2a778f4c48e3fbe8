"""The list of patients, and the page of one: profile, everything of this patient, what may be sent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from appointments.status import Status
from notifications import suppressions
from notifications.models import Suppression
from organisations import audit
from organisations.models import Patient
from organisations.zones import zone_of_patient
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.dates import today
from portals.keyset import Page, paginate
from portals.rendering import get_or_404, page
from portals.visit_words import CHANNELS

from . import queries
from .forms import opt_outs_of

MOST_UPCOMING = 50


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of the patient beyond the columns, and where nothing is sent."""

    patient: Patient
    zone: str
    since: date  # on the clinic's calendar, as the age is
    age: int | None
    extra: list[tuple[str, object]]
    suppressed: list[tuple[str, Suppression]]  # with the channel's name

    @property
    def is_erased(self) -> bool:
        return self.patient.erased_at is not None


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit and its status as of the page."""

    visit: Appointment
    status: Status


def find_patient(request: ClinicRequest, uid: str) -> Patient:
    """The organisation's patient with shop and organisation, or 404. One query."""
    rows: QuerySet[Patient] = Patient.objects.of(request.organisation)
    return get_or_404(rows.select_related("shop", "organisation"), uid=uid)


@clinic_page(Right.VIEW)
@require_safe
def patients(request: ClinicRequest) -> HttpResponse:
    """The newest first, by key; finding one is the search's."""
    rows = paginate(
        request,
        queries.listed(request.organisation, request.now),
        key=("created_at", "uid"),
        descending=True,
        labels=("Newer", "Older"),
    )
    return page(request, "portals/clinic/patients/patients.html", {"page": rows}, part="rows")


@clinic_page(Right.VIEW)
@require_safe
def patient(request: ClinicRequest, uid: str) -> HttpResponse:
    """Opening it is audited, turning its pages is not."""
    person = find_patient(request, uid)
    earlier = _earlier(request, person)
    if not earlier.previous_url:
        _audit_opening(request, person)
    upcoming = queries.upcoming(person, request.now)[:MOST_UPCOMING]
    context = {
        "patient": person,
        "profile": profile_of(person, request.now),
        "opt_outs": opt_outs_of(person),
        "upcoming": rows_of(upcoming, request.now),
        "earlier": rows_of(earlier.rows, request.now),
        "pages": earlier,
    }
    return page(request, "portals/clinic/patients/patient.html", context, part="earlier")


def _earlier(request: ClinicRequest, patient: Patient) -> Page[Appointment]:
    return paginate(
        request,
        queries.earlier(patient, request.now),
        key=("starts_at", "uid"),
        descending=True,
        size=20,
        labels=("Later", "Earlier"),
    )


def _audit_opening(request: ClinicRequest, patient: Patient) -> None:
    audit.record(
        request.organisation,
        "patient.opened",
        actor=request.actor,
        now=request.now,
        object_uid=patient.uid,
    )


def rows_of(visits: Iterable[Appointment], now: datetime) -> list[VisitRow]:
    return [VisitRow(visit, visit.status_at(now)) for visit in visits]


def profile_of(patient: Patient, now: datetime) -> Profile:
    """One query, for the suppressed addresses; none when there is no address."""
    clinics = patient.organisation.timezone
    rows = suppressions.of_addresses(patient.organisation, [patient.email, patient.phone])
    return Profile(
        patient=patient,
        zone=zone_of_patient(patient),
        since=today(patient.created_at, clinics),
        age=_age(patient.date_of_birth, today(now, clinics)),
        extra=sorted(patient.extra_fields.items()),
        suppressed=[(CHANNELS[row.channel], row) for row in rows],
    )


def _age(born: date | None, day: date) -> int | None:
    if born is None:
        return None
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
