"""The door of the booking page: a launch code, once, for a session; then on to an address without the code.

Opening the link shows a page that posts itself, so that whoever only looks at links (mail scanners, previews)
uses nothing up.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from booking_secrets import launch_codes, sessions
from booking_secrets.launch_codes import LaunchCodeRefused
from common.access import public
from common.clock import utc_now

from .access import is_opened_by, over, patient_page, session_of, set_cookie
from .languages import speaking_to
from .wishes import choose_url, kept

CODE = "booking_launch_code"


@public("a launch code opens it, once; without one it leads to the patient's own steps")
@require_http_methods(["GET", "HEAD", "POST"])
@patient_page
def launch(request: HttpRequest) -> HttpResponse:
    """GET: the page that posts itself. POST: exchange the code; links may preset type, doctor and day."""
    if request.method == "POST":
        return _exchange(request)
    code = request.GET.get(CODE)
    if code is None:
        return redirect(choose_url(kept(request.GET)))
    try:
        row = launch_codes.find(code, now=utc_now())
    except LaunchCodeRefused as refused:
        return _refused(request, code, refused)
    context = {"shop": row.shop, "code": code, "presets": kept(request.GET)}
    with speaking_to(request, row.patient):
        return render(request, "portals/booking/book/launch.html", context)


def _exchange(request: HttpRequest) -> HttpResponse:
    code, now = request.POST.get(CODE, ""), utc_now()
    try:
        text, session = sessions.open_with(code, timezone=request.POST.get("timezone", ""), now=now)
    except LaunchCodeRefused as refused:
        return _refused(request, code, refused)
    response = redirect(choose_url(kept(request.POST)))
    set_cookie(response, text, session, now)
    return response


def _refused(request: HttpRequest, code: str, refused: LaunchCodeRefused) -> HttpResponse:
    """Who opened it before, in this browser, goes on; anybody else goes back to the shop."""
    session = session_of(request)
    if session and is_opened_by(session, code) and sessions.is_open(session, utc_now()):
        return redirect(choose_url(kept(request.GET or request.POST)))
    return over(request, refused.shop)
