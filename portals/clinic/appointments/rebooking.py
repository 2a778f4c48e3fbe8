"""Moving a confirmed visit, and booking again what did not take place."""

from django.http import HttpResponse
from django.views.decorators.http import require_http_methods

from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.visits.rebooking import answer_book_again, answer_rebook

from .detail import PORTAL, find_visit


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def rebook(request: ClinicRequest, uid: str) -> HttpResponse:
    return answer_rebook(request, find_visit(request, uid), portal=PORTAL)


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def book_again(request: ClinicRequest, uid: str) -> HttpResponse:
    return answer_book_again(request, find_visit(request, uid), portal=PORTAL)
