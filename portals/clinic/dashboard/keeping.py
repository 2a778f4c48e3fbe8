"""Keeping a visit that lies outside its doctor's hours, and taking that back."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from appointments import lifecycle
from appointments.errors import Refused
from portals import visit_words as words
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.clinic.appointments.detail import find_visit
from portals.rendering import go_to
from portals.toasts import Undo, toast


@clinic_page(Right.ACT)
@require_POST
def keep(request: ClinicRequest, uid: str) -> HttpResponse:
    """It stays as it is and is listed no more; asks nothing, and offers to undo it."""
    visit = find_visit(request, uid)
    try:
        visit = lifecycle.keep_outside_hours(visit, actor=request.actor, now=request.now)
    except Refused as error:
        said = words.refusal(error, visit, zone=request.zone, now=request.now)
        toast(request, said, tone="warn")
    else:
        if visit.kept_outside_hours_at:
            undo = Undo(reverse("clinic:appointment-lift-keep", args=[uid]))
            toast(request, "The visit stays as it is.", undo=undo)
        else:
            toast(request, "The visit lies within the doctor’s hours by now.", tone="info")
    return go_to(request, _list())


@clinic_page(Right.ACT)
@require_POST
def lift(request: ClinicRequest, uid: str) -> HttpResponse:
    """It is listed again while it lies outside the hours."""
    lifecycle.lift_keep(find_visit(request, uid), actor=request.actor, now=request.now)
    toast(request, "The visit needs attention again.")
    return go_to(request, _list())


def _list() -> str:
    return reverse("clinic:attention", args=["outside-hours"])
