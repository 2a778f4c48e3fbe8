"""The patient's two links: the join page with the way into the room, and the visit's own page.

A GET changes nothing here, ever: mail scanners open every link.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from appointments import invitations, links
from appointments.models import Appointment
from common.access import public
from common.clock import utc_now
from notifications.letters import in_language_of
from portals.access import confidential

from .visit_page import visit_page

HOLDER_OF_THE_LINK = "whoever holds the patient's link, an HMAC over the appointment"


@public(HOLDER_OF_THE_LINK)
@require_safe
@confidential
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Whom and when, with the button while joining works; after a rebook, the new visit's page."""
    appointment = links.find_by_join_token(token)
    if appointment is None:
        return _unknown_link(request)
    current = links.current_of_chain(appointment)
    if current != appointment:
        return HttpResponseRedirect(links.join_url(current))
    return _page(request, "portals/booking/join.html", appointment, token)


@public(HOLDER_OF_THE_LINK)
@require_safe
@confidential
def room(request: HttpRequest, token: str) -> HttpResponse:
    """On to the meeting room while joining works, else back to the page that says when it does."""
    appointment = links.find_by_join_token(token)
    if appointment is None:
        return _unknown_link(request)
    now = utc_now()
    if not links.is_joinable(appointment, now):
        return redirect("booking:join", token)
    # Without the patient's name: it would stand in a URL. The room asks them for one.
    return HttpResponseRedirect(links.room_url(appointment, name_of_visitor="", now=now))


@public(HOLDER_OF_THE_LINK)
@require_safe
@confidential
def visit(request: HttpRequest, token: str) -> HttpResponse:
    """The appointment in plain words; after a rebook, the new visit's page."""
    appointment = links.find_by_manage_token(token)
    if appointment is None:
        return _unknown_link(request)
    current = links.current_of_chain(appointment)
    if current != appointment:
        return HttpResponseRedirect(links.manage_url(current))
    return _page(request, "portals/booking/visit.html", appointment, token)


@public(HOLDER_OF_THE_LINK)
@require_safe
@confidential
def calendar(request: HttpRequest, token: str) -> HttpResponse:
    """The visit as an .ics file, as its mails carry it."""
    appointment = links.find_by_manage_token(token)
    if appointment is None:
        return _unknown_link(request)
    current = links.current_of_chain(appointment)
    if current.confirmed_at is None:
        return redirect("booking:visit", token)
    with in_language_of(current.patient.language):
        content = invitations.invitation(current, now=utc_now())
    kind = f"text/calendar; charset=utf-8; method={invitations.method_of(current)}"
    disposition = 'attachment; filename="appointment.ics"'
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": disposition})


def _page(
    request: HttpRequest, template: str, appointment: Appointment, token: str
) -> HttpResponse:
    with in_language_of(appointment.patient.language):
        page = visit_page(appointment, now=utc_now())
        context = {"visit": appointment, "shop": appointment.shop, "page": page, "token": token}
        return render(request, template, context)


def _unknown_link(request: HttpRequest) -> HttpResponse:
    return render(request, "portals/booking/unknown_link.html", status=404)
