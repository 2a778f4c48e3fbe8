"""Deciding that visits outside the hours take place all the same: one of them, or all that were listed."""

from collections.abc import Sequence

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_POST

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from common.local_time import in_short
from portals.badges import badge_of
from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import own_visits
from portals.lengths import counted
from portals.rendering import get_or_404
from portals.toasts import Undo

from .editor import done

_MOST_AT_ONCE = 200
_MOST_UNDONE = 50  # their uids travel in the toast's cookie
_INSIDE = "lies within your hours by now"


@doctor_page
@require_POST
def keep(request: DoctorRequest, uid: str) -> HttpResponse:
    """The visit stays although it is outside the hours; it is listed no more."""
    visit = _find(request, uid)
    if why_not := _why_not_kept(request, visit):
        return done(request, f"The visit {why_not}.", tone=_tone_of(why_not))
    undo = Undo(reverse("doctor:availability-unkeep", args=[uid]))
    return done(request, "Kept: the visit takes place as booked.", undo=undo)


@doctor_page
@require_POST
def unkeep(request: DoctorRequest, uid: str) -> HttpResponse:
    lifecycle.lift_keep(_find(request, uid), actor=request.actor, now=request.now)
    return done(request, "The visit is listed again.")


@doctor_page
@require_POST
def keep_all(request: DoctorRequest) -> HttpResponse:
    """The visits the page listed, and no others: each by the verb in its own transaction."""
    visits = _named(request)
    if not visits:
        return done(request, "No visit was named, so nothing was changed.", tone="warn")
    why_not = {visit.uid: _why_not_kept(request, visit) for visit in visits}
    kept = [visit for visit in visits if not why_not[visit.uid]]
    left = [visit for visit in visits if why_not[visit.uid]]
    words = [f"Kept {counted(len(kept), 'visit')}: as booked." if kept else "Nothing was kept."]
    words += [
        f"Not kept: {in_short(visit.starts_at, request.zone)} {why_not[visit.uid]}."
        for visit in left
    ]
    tone = _tone_of(*(why_not[visit.uid] for visit in left))
    if len(_uids(request)) > _MOST_AT_ONCE:
        words.append(f"{_MOST_AT_ONCE} at once: the others are still listed.")
        tone = "warn"
    return done(request, " ".join(words), tone=tone, undo=_undo(kept))


@doctor_page
@require_POST
def unkeep_all(request: DoctorRequest) -> HttpResponse:
    """What Undo posts: `uid`s in one field, with blanks between."""
    visits = _named(request)
    for visit in visits:
        lifecycle.lift_keep(visit, actor=request.actor, now=request.now)
    return done(request, f"{counted(len(visits), 'visit')} listed again.")


def _why_not_kept(request: DoctorRequest, visit: Appointment) -> str:
    """Keep it; "", or what stood in the way, after `The visit`."""
    try:
        kept = lifecycle.keep_outside_hours(visit, actor=request.actor, now=request.now)
    except Refused as refused:
        status = str(refused.details.get("status", ""))
        return f"is {badge_of(status).word.lower()} by now" if status else refused.message
    return "" if kept.kept_outside_hours_at else _INSIDE


def _tone_of(*why_not: str) -> str:
    """That a visit needs no keeping is no warning."""
    return "good" if set(why_not) <= {_INSIDE} else "warn"


def _undo(kept: Sequence[Appointment]) -> Undo | None:
    if not kept or len(kept) > _MOST_UNDONE:
        return None
    uids = " ".join(visit.uid for visit in kept)
    return Undo(reverse("doctor:availability-unkeep-all"), {"uid": uids})


def _named(request: DoctorRequest) -> list[Appointment]:
    """The doctor's own among the `uid`s that were posted, by start; foreign ones are none. One query."""
    rows = own_visits(request).filter(uid__in=_uids(request)[:_MOST_AT_ONCE])
    return list(rows.select_related("doctor").order_by("starts_at", "uid"))


def _uids(request: DoctorRequest) -> list[str]:
    return " ".join(request.POST.getlist("uid")).replace("\0", " ").split()


def _find(request: DoctorRequest, uid: str) -> Appointment:
    return get_or_404(own_visits(request).select_related("doctor"), uid=uid)
