"""Moving a visit from its own page: the free times its mode and notice allow, the doctor who gets it, the move.

Nothing is held meanwhile: the time is looked at again when it is chosen, and once more when it is moved.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from appointments import letters, lifecycle, links, slots
from appointments.choosing import in_fair_order
from appointments.errors import Refused
from appointments.models import Appointment, RebookingMode
from appointments.openings import rebooking_openings
from common.clock import zone, zone_names
from common.local_time import day_in_words, in_words, time_in_words, zone_label
from organisations import patients
from organisations.models import Doctor
from portals.slots.times import read_instant

from .by_link import LinkRequest, done_url, visit_link
from .holding import words_of
from .month import Press, Search, month_of
from .visit_page import can_move
from .zones import zones_by_region

_HERE = "portals/booking/visit"
SAME = "same"
_KEPT = ("doctor", "day", "month", "timezone")
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class MoveSearch(Search):
    """Where `visit` may go: by its own rules, without its own time among the taken ones."""

    visit: Appointment

    def starts(self, start: int, end: int) -> Collection[int]:
        found = rebooking_openings(
            self.visit, start=start, end=end, now=self.now, doctor_uid=self._doctor_uid
        )
        return {slot["starts_at"] for slot in found.slots}

    def first_start(self, after: int) -> int | None:
        found = rebooking_openings(
            self.visit, start=after, end=after, now=self.now, doctor_uid=self._doctor_uid
        )
        return found.next_available_at

    @property
    def _doctor_uid(self) -> str | None:
        return self.doctor.uid if self.doctor else None


@dataclass(frozen=True, slots=True)
class MoveWish:
    """Month, day, zone, and whether the doctor shall stay, where the visit may go to any."""

    token: str
    given: Mapping[str, str]

    def url(self, **changes: str | None) -> str:
        query = {**self.given, **changes}
        query_text = urlencode({name: value for name, value in query.items() if value is not None})
        return reverse("booking:move", args=[self.token]) + (query_text and f"?{query_text}")


@visit_link(links.find_by_manage_token, links.manage_url)
@require_http_methods(["GET", "HEAD", "POST"])
def move(request: LinkRequest, token: str) -> HttpResponse:
    """GET: choose a time, then be asked. POST: move the visit there, or say why not, with fresh times."""
    if not can_move(request.visit, request.now):
        return redirect("booking:visit", token)
    if request.method == "POST":
        return _moved(request, _read_wish(request, token, request.POST))
    wish = _read_wish(request, token, request.GET)
    at, problem = read_instant(request.GET.get("at", "")), request.GET.get("problem", "")
    if at is not None and not problem:
        if doctor := _who_gets_it(request, wish, at):
            return _ask(request, wish, at, doctor)
        return redirect(_problem_url(request, wish, "slot_taken", at))
    search = _search(request, wish)
    context = {
        "shop": request.visit.shop,
        "visit": request.visit,
        "token": token,
        "now_at": in_words(request.visit.starts_at, request.zone),
        "month": month_of(wish, search, at if problem == "slot_taken" else None),
        "problem": words_of(problem, at, request.zone),
        "zone_in_words": zone_label(request.now.astimezone(zone(request.zone)), request.zone),
        "zone_url": f"{reverse('booking:move-zone', args=[token])}?{urlencode(wish.given)}",
        "press": Press("get", reverse("booking:move", args=[token]), _without_day(wish)),
        "doctor_urls": _doctor_urls(request, wish),
        "any_url": wish.url(doctor=None, day=None, month=None) if search.doctor else "",
    }
    return render(request, f"{_HERE}/move.html", context)


@visit_link(links.find_by_manage_token, links.manage_url)
@require_safe
def move_zone(request: LinkRequest, token: str) -> HttpResponse:
    """Choose the zone the times are told in; it travels in the query until the visit is moved."""
    wish = _read_wish(request, token, request.GET)
    context = {
        "shop": request.visit.shop,
        "zones": zones_by_region(request.zone),
        "zone": request.zone,
        "method": "get",
        "action": reverse("booking:move", args=[token]),
        "fields": {name: text for name, text in wish.given.items() if name != "timezone"},
        "back_url": wish.url(),
    }
    return render(request, "portals/booking/book/zone.html", context)


def _read_wish(request: LinkRequest, token: str, given: Mapping[str, str]) -> MoveWish:
    """As far as it makes sense; the zone counts for this page at once."""
    wanted = {name: given[name] for name in _KEPT if 0 < len(given.get(name, "")) <= _LONGEST}
    if wanted.get("timezone") in zone_names():
        request.zone = wanted["timezone"]
    else:
        wanted.pop("timezone", None)
    if wanted.get("doctor") != SAME or _keeps_doctor(request.visit):
        wanted.pop("doctor", None)
    return MoveWish(token, wanted)


def _keeps_doctor(visit: Appointment) -> bool:
    return visit.rebooking_mode == RebookingMode.SAME_DOCTOR


def _search(request: LinkRequest, wish: MoveWish) -> MoveSearch:
    visit = request.visit
    stays = _keeps_doctor(visit) or "doctor" in wish.given
    doctor = visit.doctor if stays else None
    return MoveSearch(visit.appointment_type, doctor, request.zone, request.now, visit)


def _without_day(wish: MoveWish) -> dict[str, str]:
    return {name: text for name, text in wish.given.items() if name not in ("day", "month")}


def _doctor_urls(request: LinkRequest, wish: MoveWish) -> list[tuple[str, str, bool]]:
    """(which, url, is it on): any doctor, or the one the visit is with; none where its mode keeps that one."""
    if _keeps_doctor(request.visit):
        return []
    is_same = "doctor" in wish.given
    return [
        ("any", wish.url(doctor=None, day=None, month=None), not is_same),
        (SAME, wish.url(doctor=SAME, day=None, month=None), is_same),
    ]


def _who_gets_it(request: LinkRequest, wish: MoveWish, at: datetime) -> Doctor | None:
    """Named before anything moves, as `rebook` would choose: the visit's own doctor if free, else fairly."""
    visit, search = request.visit, _search(request, wish)
    judgement = slots.judge(
        search.kind, starts_at=at, now=request.now, doctor=search.doctor, leaving_out=visit
    )
    free = [each for each in judgement.free if at != visit.starts_at or each != visit.doctor]
    if visit.doctor in free:
        return visit.doctor
    return in_fair_order(free, starts_at=at, now=request.now)[0] if free else None


def _ask(request: LinkRequest, wish: MoveWish, at: datetime, doctor: Doctor) -> HttpResponse:
    visit = request.visit
    context = {
        "shop": visit.shop,
        "visit": visit,
        "doctor": doctor,
        "is_other_doctor": doctor != visit.doctor,
        "length": letters.minutes_in_words(visit.appointment_type.duration_minutes),
        "day": day_in_words(at, request.zone),
        "time": time_in_words(at, request.zone),
        "now_at": in_words(visit.starts_at, request.zone),
        "move_url": reverse("booking:move", args=[wish.token]),
        "fields": {
            **_without_day(wish),
            "at": str(int(at.timestamp())),
            "doctor_uid": doctor.uid,
        },
        "back_url": wish.url(day=at.astimezone(zone(request.zone)).date().isoformat(), month=None),
    }
    return render(request, f"{_HERE}/move_ask.html", context)


def _moved(request: LinkRequest, wish: MoveWish) -> HttpResponse:
    at = read_instant(request.POST.get("at", ""))
    if at is None:
        return redirect(wish.url(problem="choose"))
    try:
        new = lifecycle.rebook(
            request.visit,
            starts_at=at,
            doctor=_doctor_named(request),
            actor=request.actor,
            now=request.now,
        )
    except Refused as refused:
        return redirect(_problem_url(request, wish, refused.code, at))
    if "timezone" in wish.given:
        patients.type_in(new.patient, {"timezone": request.zone}, now=request.now)
    return redirect(done_url(new, "moved"))


def _doctor_named(request: LinkRequest) -> Doctor | None:
    """Whom the page named; one who is not of this organisation is nobody."""
    uid = request.POST.get("doctor_uid", "")
    doctors = Doctor.objects.of(request.visit.organisation)
    return doctors.filter(uid=uid).one_or_none() if uid and "\0" not in uid else None


def _problem_url(request: LinkRequest, wish: MoveWish, code: str, at: datetime) -> str:
    """Fresh times with what was in the way; the visit's own page where it cannot be moved any more."""
    code = "slot_taken" if code == "slot_unavailable" else code
    if code not in ("slot_taken", "patient_already_booked"):
        return reverse("booking:visit", args=[wish.token])
    day = at.astimezone(zone(request.zone)).date().isoformat()
    return wish.url(day=day, month=None, problem=code, at=str(int(at.timestamp())))
