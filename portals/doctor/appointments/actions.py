"""What a doctor does to a visit: confirm, cancel, complete, no-show, move it, book again."""

from collections.abc import Callable
from functools import partial

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import PORTAL, find_visit
from portals.visits.acts import CANCEL, COMPLETE, CONFIRM, NO_SHOW, Act, answer_act
from portals.visits.rebooking import answer_book_again, answer_rebook

ACTS = (CONFIRM, CANCEL, COMPLETE, NO_SHOW)


def act_view(act: Act) -> Callable[..., HttpResponseBase]:
    @doctor_page
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: DoctorRequest, uid: str) -> HttpResponse:
        return answer_act(request, act, partial(find_visit, request, uid), portal=PORTAL)

    return view


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def rebook(request: DoctorRequest, uid: str) -> HttpResponse:
    """To another time of the doctor's own: whom a colleague takes is the office's to say."""
    visit = find_visit(request, uid)
    return answer_rebook(request, visit, portal=PORTAL, doctors=[visit.doctor])


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def book_again(request: DoctorRequest, uid: str) -> HttpResponse:
    visit = find_visit(request, uid)
    return answer_book_again(request, visit, portal=PORTAL, doctors=[visit.doctor])
