"""Pages that a link out of a message opens. The link itself is the key: an HMAC over the appointment.

    @visit_link(links.find_by_manage_token, links.manage_url)
    @require_safe
    def visit(request: LinkRequest, token: str) -> HttpResponse:

No cookie speaks here, so nobody's browser can be made to act by a page that does not know the link, and a mail
program's own browser, which keeps no cookie, can act. Instead of a token in a cookie the browser's word counts
for where a form was sent from. A moved visit's link leads to where the visit is now, and does nothing else.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import cast
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from appointments import links
from appointments.models import Appointment
from common.access import public
from common.clock import utc_now
from common.rate_limits import seconds_to_wait
from organisations.actors import Actor
from organisations.zones import zone_of_patient

from .access import actor_of, counted_page, too_many
from .languages import speaking_to

HOLDER_OF_THE_LINK = "whoever holds the patient's link, an HMAC over the appointment"

LinkView = Callable[["LinkRequest", str], HttpResponse]
Find = Callable[[str], Appointment | None]
UrlOf = Callable[[Appointment], str]


class LinkRequest(HttpRequest):
    """What a view behind `visit_link` gets. `visit` is where the link's visit went, in the end."""

    visit: Appointment
    actor: Actor
    zone: str
    now: datetime


def visit_link(
    find: Find, url_of: UrlOf | None
) -> Callable[[LinkView], Callable[..., HttpResponse]]:
    """Only with a link of ours; a moved visit's leads to `url_of` the new one (None: the view answers for it)."""

    def guard(view: LinkView) -> Callable[..., HttpResponse]:
        @public(HOLDER_OF_THE_LINK)
        @csrf_exempt
        @counted_page
        @wraps(view)
        def guarded(request: HttpRequest, token: str) -> HttpResponse:
            linked = find(token)
            if linked is None:
                return render(request, "portals/booking/unknown_link.html", status=404)
            if wait := seconds_to_wait(f"booking-link:{linked.uid}", settings.RATE_LIMIT):
                return too_many(request, wait)
            current = links.current_of_chain(linked)
            if url_of and current != linked:
                return HttpResponseRedirect(here(url_of(current)))
            with speaking_to(request, current.patient):
                if request.method == "POST" and _is_sent_from_elsewhere(request):
                    context = {"shop": current.shop, "back_url": here(links.manage_url(current))}
                    return render(request, "portals/booking/elsewhere.html", context, status=403)
                return view(_filled_in(request, current), token)

        return guarded

    return guard


def here(url: str) -> str:
    """A link of ours without its host: the browser stays at the one it came to."""
    return urlsplit(url).path


def done_url(visit: Appointment, done: str) -> str:
    """The visit's page, to say what was just done."""
    return f"{here(links.manage_url(visit))}?done={done}"


def _is_sent_from_elsewhere(request: HttpRequest) -> bool:
    """By what the browser says. One that says nothing is let in: it did know the link."""
    site = request.headers.get("Sec-Fetch-Site", "")
    if site:
        return site not in ("same-origin", "none")
    origin = request.headers.get("Origin", "null")  # `null`: as our pages name no referrer
    return origin != "null" and origin.partition("://")[2] != request.get_host()


def _filled_in(request: HttpRequest, visit: Appointment) -> LinkRequest:
    by_link = cast(LinkRequest, request)
    visit.patient.shop, visit.patient.organisation = visit.shop, visit.organisation  # no query
    visit.shop.organisation = visit.organisation
    by_link.visit, by_link.now = visit, utc_now()
    by_link.zone = zone_of_patient(visit.patient)
    by_link.actor = actor_of(request, visit.patient)
    return by_link
