"""What is done to one appointment in one step: confirm, cancel, complete, no-show."""

from collections.abc import Callable
from functools import partial

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods

from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.visits.acts import COMPLETE, CONFIRM, NO_SHOW, OFFICE_CANCEL, Act, answer_act

from .detail import PORTAL, find_visit

ACTS = (CONFIRM, OFFICE_CANCEL, COMPLETE, NO_SHOW)


def act_view(act: Act) -> Callable[..., HttpResponseBase]:
    @clinic_page(Right.ACT)
    @require_http_methods(["GET", "HEAD", "POST"])
    def view(request: ClinicRequest, uid: str) -> HttpResponse:
        return answer_act(request, act, partial(find_visit, request, uid), portal=PORTAL)

    return view
