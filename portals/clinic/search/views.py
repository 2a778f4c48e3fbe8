"""The header's search. What was typed is posted and repeated on the page only: no URL and no log has it."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from organisations import audit
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import go_to, page

from .queries import MOST, SHORTEST, Found, find

_TEMPLATE = "portals/clinic/search/search.html"


@clinic_page(Right.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def search(request: ClinicRequest) -> HttpResponse:
    """GET: how to search. POST `text`: what was found; a uid leads straight to its page. Audited."""
    text = request.POST.get("text", "").strip()
    if not text:
        return page(request, _TEMPLATE, {"found": None}, part="results")
    found = find(request.organisation, text)
    if not found.is_too_short:
        audit.record(
            request.organisation,
            "patients.searched",
            actor=request.actor,
            now=request.now,
            details={"found": found.count},
        )
    if url := _only_page(text, found):
        return go_to(request, url)
    context = {"found": found, "text": text, "most": MOST, "shortest": SHORTEST}
    return page(request, _TEMPLATE, context, part="results")


def _only_page(text: str, found: Found) -> str:
    """Where a uid that was found leads; "" after any other search."""
    for patient in found.patients:
        if patient.uid == text.lower():
            return reverse("clinic:patient", args=[patient.uid])
    for visit in found.appointments:
        return reverse("clinic:appointment", args=[visit.uid])
    return ""
