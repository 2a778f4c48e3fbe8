"""Choosing the patient the list is filtered by: what is typed is posted, only the uid goes into the URL."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from organisations import audit
from organisations.models import Patient
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.clinic.search.queries import SHORTEST, Found, find
from portals.rendering import page
from portals.visits.filters import Filters, filters_of, name_of

_TEMPLATE = "portals/clinic/appointments/choose_patient.html"


@dataclass(frozen=True, slots=True)
class Choice:
    patient: Patient
    name: str
    url: str


@clinic_page(Right.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def choose_patient(request: ClinicRequest) -> HttpResponse:
    """GET: the question. POST `text`: the patients found, each leading back to the list. Audited."""
    text = request.POST.get("text", "").strip()
    filters, _ = filters_of(request, request.organisation, now=request.now, zone=request.zone)
    found = find(request.organisation, text) if text else None
    if found and not found.is_too_short:
        audit.record(
            request.organisation,
            "patients.searched",
            actor=request.actor,
            now=request.now,
            details={"found": found.count},
        )
    context = {
        "text": text,
        "found": found,
        "shortest": SHORTEST,
        "choices": choices_of(found, filters),
        "action": request.get_full_path(),
        "back": reverse("clinic:appointments") + filters.query,
    }
    return page(request, _TEMPLATE, context, part="results" if text else "dialog")


def choices_of(found: Found | None, filters: Filters) -> Sequence[Choice]:
    """Patients, and those of appointments found by their uid."""
    if found is None:
        return []
    others = [pair for pair in filters.pairs if pair[0] != "patient"]
    patients = [*found.patients, *(visit.patient for visit in found.appointments)]
    return [
        Choice(
            patient,
            name_of(patient),
            f"{reverse('clinic:appointments')}?{urlencode([*others, ('patient', patient.uid)])}",
        )
        for patient in patients
    ]
