"""The visits behind a line of "Needs attention" that no filter of the appointment list can say."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from organisations.models import Organisation
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import page
from portals.visits.rows import lines

from .queries import Moment, kept, lines_of, outside_hours
from .troubles import troubled_reminders

MOST_LISTED = 200


@dataclass(frozen=True, slots=True)
class Matter:
    """`visits`: their uids by start, each with what is to be said of it.

    `can_be_kept`: a visit may be kept as it is, and those that are stand below.
    """

    title: str
    text: str
    visits: Callable[[Organisation, Moment], dict[str, list[str]]]
    can_be_kept: bool = False


def _outside(organisation: Organisation, moment: Moment) -> dict[str, list[str]]:
    return {uid: [] for uid in outside_hours(organisation, moment)}


def _reminders(organisation: Organisation, moment: Moment) -> dict[str, list[str]]:
    return troubled_reminders(organisation, moment.now)


_MATTERS = {
    "outside-hours": Matter(
        "Visits outside the doctor’s hours",
        "The hours or the time off changed after they were booked. They stay as they are until you act.",
        _outside,
        can_be_kept=True,
    ),
    "reminders": Matter(
        "Visits with reminders that did not get through",
        "The visit stands, but somebody may not know of it. Call, or correct the address.",
        _reminders,
    ),
}


@clinic_page(Right.VIEW)
@require_safe
def attention(request: ClinicRequest, what: str) -> HttpResponse:
    """Up to MOST_LISTED of them, by start. Three statements beside the frame's, a fourth for the kept."""
    matter = _MATTERS.get(what)
    if matter is None:
        raise Http404
    found = matter.visits(request.organisation, Moment(request.now, request.zone))
    visits = Appointment.objects.of(request.organisation).filter(uid__in=found)
    shown = lines_of(visits.order_by("starts_at", "uid")[:MOST_LISTED])
    rows = lines(shown, portal="clinic", now=request.now, zone=request.zone)
    stays = kept(request.organisation, request.now)[: MOST_LISTED if matter.can_be_kept else 0]
    context = {
        "matter": matter,
        "kept": lines(stays, portal="clinic", now=request.now, zone=request.zone),
        "rows": [(row, found[row.visit.uid]) for row in rows],
        "with_reasons": any(found.values()),
        "number": len(found),
        "most": MOST_LISTED,
    }
    return page(request, "portals/clinic/dashboard/attention.html", context)
