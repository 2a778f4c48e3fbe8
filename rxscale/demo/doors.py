"""The demo's front page: three doors, each a click. Nobody but the demo's own people stands behind them."""

from dataclasses import dataclass

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from common.clock import utc_now
from organisations.models import User
from portals.rendering import is_fragment

from .clinic import NORTHSIDE, PASSWORD
from .happening import happening_now
from .pages import demo_page
from .people import ON_CALL_DOCTORS


@dataclass(frozen=True, slots=True)
class Door:
    email: str
    leads_to: str


DOORS = {
    "operations": Door(NORTHSIDE.admin_email, "/admin/"),
    "doctor": Door(ON_CALL_DOCTORS[0].email, "/doctor/"),
}


@demo_page("the demo's front page")
@require_safe
def front(request: HttpRequest) -> HttpResponse:
    """To htmx: what happens now, alone."""
    if is_fragment(request):
        now = {"happening": happening_now(utc_now()), "zone": NORTHSIDE.timezone}
        return HttpResponse(render_to_string("demo/doors.html#happening", now, request=request))
    context = {
        "admin": NORTHSIDE.admin_name,
        "doctor": ON_CALL_DOCTORS[0].name,
        "clinic": NORTHSIDE.name,
        "shop": NORTHSIDE.shop_name,
        "password": PASSWORD,
        "happening": happening_now(utc_now()),
        "zone": NORTHSIDE.timezone,
    }
    return render(request, "demo/doors.html", context)


@demo_page("signs in as one of the demo's own people")
@require_POST
def enter(request: HttpRequest, door: str) -> HttpResponse:
    """Through the same flow as a password: a deactivated account or one with a second factor is no exception."""
    if door not in DOORS:
        raise Http404
    chosen = DOORS[door]
    user = User.objects.filter(email=chosen.email, is_staff=False).first()
    if user is None:
        raise Http404
    record_authentication(request, user, method="demo")
    answer: HttpResponse = perform_login(request, Login(user=user, redirect_url=chosen.leads_to))
    return answer
