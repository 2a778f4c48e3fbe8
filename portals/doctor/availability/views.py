"""The page of the weekly editor, and deciding about visits that lie outside the hours."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from portals.doctor.access import DoctorRequest, doctor_page
from portals.rendering import get_or_404
from portals.toasts import Undo

from .editor import answer, done


@doctor_page
@require_safe
def availability(request: DoctorRequest) -> HttpResponse:
    """`?type=` and `?from=` choose the preview; htmx gets it alone, or all regions as they are now."""
    return answer(request)


@doctor_page
@require_POST
def keep(request: DoctorRequest, uid: str) -> HttpResponse:
    """The visit stays although it is outside the hours; it is listed no more."""
    visit = _find(request, uid)
    try:
        kept = lifecycle.keep_outside_hours(visit, actor=request.actor, now=request.now)
    except Refused as error:
        return done(request, error.message, tone="warn")
    if kept.kept_outside_hours_at is None:
        return done(request, "The visit lies within your hours by now.")
    undo = Undo(reverse("doctor:availability-unkeep", args=[uid]))
    return done(request, "Kept: the visit takes place as booked.", undo=undo)


@doctor_page
@require_POST
def unkeep(request: DoctorRequest, uid: str) -> HttpResponse:
    lifecycle.lift_keep(_find(request, uid), actor=request.actor, now=request.now)
    return done(request, "The visit is listed again.")


def _find(request: DoctorRequest, uid: str) -> Appointment:
    rows = Appointment.objects.of(request.organisation).filter(doctor=request.doctor)
    return get_or_404(rows.select_related("doctor"), uid=uid)
