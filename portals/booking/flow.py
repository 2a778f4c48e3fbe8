"""Choosing: the type, the doctor or any, the day and the time. Choosing a time holds it.

What went wrong with a time travels in the query (`problem`, `at`), so that a reload posts nothing again.
"""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments.errors import Refused
from booking_secrets import sessions
from common.clock import zone, zone_names
from common.local_time import clock_time, in_words, zone_label
from portals.slots.times import read_instant

from .access import BookingRequest, booking_page
from .holding import hold as hold_time
from .holding import running_hold, words_of
from .month import Press, Search, month_of
from .steps import steps_of
from .wishes import ANY, Wish, choose_url, kept, read_wish
from .zones import zones_by_region

_HERE = "portals/booking/book"


@booking_page
@require_safe
def choose(request: BookingRequest) -> HttpResponse:
    """The first step that is still open: type, doctor, or day and time."""
    wish = read_wish(request.organisation, request.GET)
    context: dict[str, object] = {"shop": request.shop, "wish": wish, **_held(request, wish)}
    if wish.kind is None:
        context["steps"] = steps_of(wish, "type")
        context["choices"] = [(kind, wish.url(type=kind.uid, doctor=None)) for kind in wish.kinds]
        return render(request, f"{_HERE}/type.html", context)
    if not wish.has_doctor:
        context["steps"] = steps_of(wish, "doctor")
        context["any_url"] = wish.url(doctor=ANY)
        context["choices"] = [(doctor, wish.url(doctor=doctor.uid)) for doctor in wish.doctors]
        return render(request, f"{_HERE}/doctor.html", context)
    at = read_instant(request.GET.get("at", ""))
    problem = request.GET.get("problem", "")
    search = Search(wish.kind, wish.doctor, request.zone, request.now)
    context |= {
        "steps": steps_of(wish, "time"),
        "month": month_of(wish, search, at if problem == "slot_taken" else None),
        "problem": words_of(problem, at, request.zone),
        "zone_in_words": zone_label(request.now.astimezone(zone(request.zone)), request.zone),
        "zone_url": f"{reverse('booking:zone')}?{request.GET.urlencode()}",
        "press": Press("post", reverse("booking:hold"), _of_wish(wish)),
        "any_url": wish.url(doctor=ANY, day=None, month=None) if len(wish.doctors) > 1 else "",
    }
    return render(request, f"{_HERE}/time.html", context)


def _held(request: BookingRequest, wish: Wish) -> dict[str, object]:
    """What the browser holds already: which time, how long yet, and the way on with it. Nothing without one."""
    held = running_hold(request)
    if held is None:
        return {}
    until = held.hold_expires_at or held.starts_at
    details = reverse("booking:details", args=[held.uid])
    return {
        "held": held,
        "held_at": in_words(held.starts_at, request.zone),
        "held_until": clock_time(until.astimezone(zone(request.zone))),
        "held_url": f"{details}?doctor={ANY}" if wish.given.get("doctor") == ANY else details,
    }


def _of_wish(wish: Wish) -> dict[str, str]:
    return {"type": wish.kind.uid if wish.kind else "", "doctor": wish.doctor_given}


@booking_page
@require_POST
def hold(request: BookingRequest) -> HttpResponse:
    """Hold the time that was pressed, for a few minutes; or back to the times, saying what was in the way."""
    wish = read_wish(request.organisation, request.POST)
    at = read_instant(request.POST.get("at", ""))
    if wish.kind is None or not wish.has_doctor or at is None:
        sessions.remember(request.booking, now=request.now)
        return redirect(choose_url(kept(request.POST), problem="choose"))
    try:
        held = hold_time(request, wish.kind, wish.doctor, at)
    except Refused as refused:
        sessions.remember(request.booking, now=request.now)
        problem = "slot_taken" if refused.code == "slot_unavailable" else refused.code
        query = kept(request.POST)
        day = Search(wish.kind, wish.doctor, request.zone, request.now).day_of(int(at.timestamp()))
        query |= {"day": day.isoformat()}
        return redirect(choose_url(query, problem=problem, at=str(int(at.timestamp()))))
    details = reverse("booking:details", args=[held.uid])
    return redirect(details if wish.doctor else f"{details}?doctor={ANY}")


@booking_page
@require_http_methods(["GET", "HEAD", "POST"])
def change_zone(request: BookingRequest) -> HttpResponse:
    """The zone times are told in, from here on and in what the patient is sent."""
    if request.method == "POST":
        chosen = request.POST.get("timezone", "")
        known = chosen if chosen in zone_names() else request.booking.timezone
        sessions.remember(request.booking, now=request.now, timezone=known)
        return redirect(choose_url(kept(request.GET)))
    context = {
        "shop": request.shop,
        "zones": zones_by_region(request.zone),
        "zone": request.zone,
        "method": "post",
        "back_url": choose_url(kept(request.GET)),
    }
    return render(request, f"{_HERE}/zone.html", context)
