"""The private calendar feed: made, given a new address, ended. The address stands under Settings."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from appointments import calendar_feed
from portals.doctor.access import DoctorRequest, doctor_page
from portals.forms import PortalForm
from portals.rendering import go_to, page
from portals.toasts import toast

_ASK = "portals/doctor/settings/calendar_ask.html"


@doctor_page
@require_POST
def create(request: DoctorRequest) -> HttpResponse:
    """Make the address; one that is there already stays as it is."""
    if calendar_feed.feed_of(request.doctor) is None:
        calendar_feed.issue(request.doctor, actor=request.actor, now=request.now)
        toast(request, "Your calendar feed is ready.")
    return _back(request)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def renew(request: DoctorRequest) -> HttpResponse:
    if request.method == "POST":
        calendar_feed.issue(request.doctor, actor=request.actor, now=request.now)
        toast(request, "The feed has a new address. The old one is dead.")
        return _back(request)
    return _ask(
        request,
        title="New address for the calendar feed",
        text="The address you have now stops working at once, in every calendar that reads it. "
        "Afterwards, subscribe to the new one.",
        submit="Make a new address",
    )


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def revoke(request: DoctorRequest) -> HttpResponse:
    if request.method == "POST":
        if calendar_feed.revoke(request.doctor, actor=request.actor, now=request.now):
            toast(request, "The calendar feed is off.")
        return _back(request)
    return _ask(
        request,
        title="Switch the calendar feed off",
        text="Its address stops working at once. Calendars that read it show an error or keep old visits "
        "until you take it out there.",
        submit="Switch it off",
    )


def _ask(request: DoctorRequest, **words: str) -> HttpResponse:
    context = {**words, "form": PortalForm(), "back": _settings_url()}
    return page(request, _ASK, context, part="dialog")


def _back(request: DoctorRequest) -> HttpResponse:
    return go_to(request, _settings_url())


def _settings_url() -> str:
    return reverse("doctor:settings")
