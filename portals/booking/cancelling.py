"""Cancelling a visit from its own page, which asks first."""

from contextlib import suppress

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from appointments import lifecycle, links
from appointments.errors import Refused

from .by_link import LinkRequest, visit_link
from .visit_page import can_cancel, visit_page


@visit_link(links.find_by_manage_token, links.manage_url)
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: LinkRequest, token: str) -> HttpResponse:
    """GET: is it meant? POST: cancel it. Where it cannot be, the visit's page says why, and whom to ask."""
    if request.method == "POST":
        with suppress(Refused):  # the visit's page says what it is now
            lifecycle.cancel(request.visit, actor=request.actor, now=request.now)
        return redirect("booking:visit", token)
    if not can_cancel(request.visit, request.now):
        return redirect("booking:visit", token)
    context = {
        "visit": request.visit,
        "shop": request.visit.shop,
        "page": visit_page(request.visit, now=request.now),
        "token": token,
    }
    return render(request, "portals/booking/visit/cancel.html", context)
