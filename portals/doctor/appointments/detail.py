"""The page of one visit, and the door to its room."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from appointments import links
from appointments.models import Appointment
from appointments.status import BOOKED_OR_OVER
from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import PORTAL, find_visit
from portals.rendering import page
from portals.visits.one_visit import VisitPage, record_opening


@dataclass(frozen=True, slots=True)
class Room:
    """The way into the meeting room: open now, or when it opens; None of both after it has closed."""

    is_open: bool
    opens_at: datetime | None
    closes_at: datetime

    @property
    def is_closed(self) -> bool:
        return not self.is_open and self.opens_at is None


def room_of(visit: Appointment, now: datetime) -> Room | None:
    """None for a visit that does not take place."""
    if visit.status not in BOOKED_OR_OVER:
        return None
    opens_at, closes_at = links.join_span(visit)
    return Room(links.is_joinable(visit, now), opens_at if now < opens_at else None, closes_at)


@doctor_page
@require_safe
def appointment(request: DoctorRequest, uid: str) -> HttpResponse:
    """The page; opening it is audited."""
    visit = find_visit(request, uid)
    record_opening(request, visit)
    context = {
        "page": VisitPage(visit, request.now, PORTAL),
        "visit": visit,
        "room": room_of(visit, request.now),
    }
    return page(request, "portals/doctor/appointments/appointment.html", context)


@doctor_page
@require_safe
def join(request: DoctorRequest, uid: str) -> HttpResponse:
    """On to the room while joining works, else when it does. A GET changes nothing."""
    visit = find_visit(request, uid)
    if not links.is_joinable(visit, request.now):
        context = {"visit": visit, "room": room_of(visit, request.now)}
        return page(request, "portals/doctor/appointments/not_open.html", context)
    name = request.doctor.display_name
    return HttpResponseRedirect(links.room_url(visit, name_of_visitor=name, now=request.now))
