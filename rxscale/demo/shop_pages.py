"""The partner's shop as its customers and its developers see it."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST, require_safe

from common.clock import utc_now
from portals.access import CONTENT_SECURITY_POLICY
from portals.rendering import is_fragment

from . import receiver, shop
from .clinic import NORTHSIDE
from .pages import demo_page

# The button's answer leads on to the hosted page, whatever name this machine was opened by.
_POLICY = CONTENT_SECURITY_POLICY.replace(
    "form-action 'self'", f"form-action 'self' {settings.BASE_URL}"
)
LEGAL = {"privacy": "Privacy notice", "imprint": "Imprint"}


@demo_page("the made-up partner's front page")
@require_safe
def storefront(request: HttpRequest) -> HttpResponse:
    """With `after`, to htmx: what came since then, or nothing at all."""
    if is_fragment(request):
        return _news(request)
    return _page(request)


@demo_page("plays the partner for one of two made-up customers")
@require_POST
def book(request: HttpRequest) -> HttpResponse:
    """POST `customer`: mint a token, ask the API for a launch code, open the hosted page."""
    keys, customer = shop.read_keys(), shop.CUSTOMERS.get(request.POST.get("customer", ""))
    if keys is None or customer is None:
        raise Http404
    try:
        address = shop.ask_for_launch(keys, shop.mint(keys, customer, now=utc_now()))
    except shop.LaunchFailed as failed:
        return _page(request, problem=str(failed), status=502)
    return HttpResponseRedirect(address)


@demo_page("what every shop must say")
@require_safe
def legal(request: HttpRequest, what: str) -> HttpResponse:
    if what not in LEGAL:
        raise Http404
    context = {"what": what, "title": LEGAL[what], "plan": NORTHSIDE}
    return render(request, "demo/legal.html", context)


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    context = {
        "plan": NORTHSIDE,
        "keys": shop.read_keys(),
        "customers": shop.CUSTOMERS,
        "problem": problem,
        **_came(receiver.newest()),
    }
    response = render(request, "demo/shop.html", context, status=status)
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def _news(request: HttpRequest) -> HttpResponse:
    after = request.GET.get("after", "")
    came = receiver.newest(after=int(after) if after.isdecimal() and len(after) < 20 else 0)
    if not came:
        return HttpResponse(status=204)
    return HttpResponse(render_to_string("demo/shop.html#news", _came(came), request=request))


def _came(received: list[receiver.Received]) -> dict[str, object]:
    return {"received": received, "zone": NORTHSIDE.timezone}
