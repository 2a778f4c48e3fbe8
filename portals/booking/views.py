"""The patient's two links: the join page with the way into the room, and the visit's own page with its file.

A GET changes nothing here, ever: mail scanners open every link.
"""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from appointments import invitations, links

from .by_link import LinkRequest, here, visit_link
from .reminder_choice import choice_of
from .visit_page import visit_page


@visit_link(links.find_by_join_token, links.join_url)
@require_safe
def join(request: LinkRequest, token: str) -> HttpResponse:
    """Whom and when, with the button while joining works."""
    page = visit_page(request.visit, now=request.now)
    context = {"visit": request.visit, "shop": request.visit.shop, "page": page, "token": token}
    return render(request, "portals/booking/join.html", context)


@visit_link(links.find_by_join_token, links.join_url)
@require_safe
def room(request: LinkRequest, token: str) -> HttpResponse:
    """On to the meeting room while joining works, else back to the page that says when it does."""
    if not links.is_joinable(request.visit, request.now):
        return redirect("booking:join", token)
    # Without the patient's name: it would stand in a URL. The room asks them for one.
    return HttpResponseRedirect(links.room_url(request.visit, name_of_visitor="", now=request.now))


@visit_link(links.find_by_manage_token, links.manage_url)
@require_safe
def visit(request: LinkRequest, token: str) -> HttpResponse:
    """The appointment in plain words, and what can be done about it now."""
    context = {
        "visit": request.visit,
        "shop": request.visit.shop,
        "page": visit_page(request.visit, now=request.now),
        "token": token,
        "done": request.GET.get("done", ""),
        "reminders": choice_of(request.visit.patient),
    }
    return render(request, "portals/booking/visit/visit.html", context)


@visit_link(links.find_by_manage_token, None)
@require_safe
def calendar(request: LinkRequest, token: str) -> HttpResponse:
    """The visit as an .ics file, as its mails carry it; an old link's has where it is now."""
    current = request.visit
    if current.confirmed_at is None:
        return redirect(here(links.manage_url(current)))
    content = invitations.invitation(current, now=request.now)
    kind = f"text/calendar; charset=utf-8; method={invitations.method_of(current)}"
    disposition = 'attachment; filename="appointment.ics"'
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": disposition})
