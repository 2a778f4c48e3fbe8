"""The doctor's day, kept current by htmx, and what became of its visits."""

from collections.abc import Callable

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import OVER
from organisations.looks import look_at_day
from portals import visit_words as words
from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import find_visit
from portals.rendering import go_to, is_fragment, page
from portals.toasts import Undo, toast

from .day import day_of

_OUTCOMES: dict[str, tuple[str, Callable[..., Appointment]]] = {
    "completed": ("Marked as completed.", lifecycle.complete),
    "no-show": ("Marked as a no-show.", lifecycle.mark_no_show),
}
_OTHER = {"completed": "no-show", "no-show": "completed"}
_INSTEAD = {"completed": "It was a no-show", "no-show": "It took place"}


@doctor_page
@require_safe
def today(request: DoctorRequest) -> HttpResponse:
    """The page counts as a look at the day; htmx keeping it current does not."""
    is_look = not is_fragment(request)
    doctor = request.doctor
    news_since = look_at_day(doctor, now=request.now) if is_look else doctor.day_news_since
    context = {"day": day_of(request, news_since=news_since)}
    return page(request, "portals/doctor/today/today.html", context, part="day")


@doctor_page
@require_POST
def outcome(request: DoctorRequest, uid: str, what: str) -> HttpResponse:
    """Completed or no-show, right from the list; one corrects the other, and undo takes that back."""
    if what not in _OUTCOMES:
        raise Http404
    visit = find_visit(request, uid)
    was_set = visit.status in OVER
    said, verb = _OUTCOMES[what]
    try:
        verb(visit, actor=request.actor, now=request.now)
    except Refused as error:
        why = words.refusal(error, visit, zone=request.zone, now=request.now)
        toast(request, why, tone="warn")
    else:
        other = reverse("doctor:today-outcome", args=[visit.uid, _OTHER[what]])
        toast(request, said, undo=Undo(other, label="Undo" if was_set else _INSTEAD[what]))
    if request.htmx.target != "day":  # posted without JavaScript, or by the toast
        return go_to(request, reverse("doctor:today"))
    context = {"day": day_of(request, news_since=request.doctor.day_news_since)}
    return page(request, "portals/doctor/today/today.html", context, part="day")
