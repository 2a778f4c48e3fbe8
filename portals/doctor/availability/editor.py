"""The page of the editor and the answers to its acts: one template, whose regions htmx swaps.

An open form stands in its place in the page (its slot), also without JavaScript.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django_htmx.http import reswap, retarget

from appointments.coverage import outside_hours
from appointments.models import Appointment
from availability.models import MINUTES_PER_DAY, BookingStop
from availability.times import time_in_words
from common.clock import zone
from organisations.models import Doctor
from portals.changes import Change, of_hours_by_others
from portals.dates_ahead import DateRange, dates_ahead
from portals.doctor.access import DoctorRequest
from portals.rendering import go_to, is_fragment, page
from portals.toasts import Undo, toast
from portals.week import Week, first_weekday_of, week_of

from .effects import Effect, windows_of
from .forms import EditForm
from .preview import Preview, preview

_TEMPLATE = "portals/doctor/availability/editor.html"
_CHANGES_SHOWN_FOR = timedelta(days=30)
_OUTSIDE_SHOWN = 5
_QUARTER_HOURS = [time_in_words(minute) for minute in range(0, MINUTES_PER_DAY + 1, 15)]
EDITOR_QUERIES = 16  # of the whole page beside the door's and the layout's


@dataclass(frozen=True, slots=True)
class Editing:
    """The form that is open: in which slot of the page, what it says, where it is posted and stands by itself."""

    slot: str
    title: str
    submit: str
    url: str
    page_url: str
    effect_url: str
    fields: str
    form: EditForm
    effect: Effect | None = None
    is_asking: bool = False


@dataclass(frozen=True, slots=True)
class Editor:
    """`today` is the doctor's date."""

    today: date
    week: Week
    ahead: Sequence[DateRange]
    outside: Sequence[Appointment]
    stop: BookingStop | None
    changes: Sequence[Change]
    preview: Preview

    @property
    def first_outside(self) -> Sequence[Appointment]:
        return self.outside[:_OUTSIDE_SHOWN]

    @property
    def more_outside(self) -> Sequence[Appointment]:
        """Folded away, so that the hours stay in reach."""
        return self.outside[_OUTSIDE_SHOWN:]


def answer(
    request: DoctorRequest, *, editing: Editing | None = None, status: int = 200
) -> HttpResponse:
    """With an open form: to htmx the form alone. Else to htmx every region as it is now."""
    if editing is not None and is_fragment(request):
        form = page(request, _TEMPLATE, {"editing": editing}, part="form", status=status)
        return reswap(retarget(form, f"#{editing.slot}"), "innerHTML")
    context = {"editor": _editor(request), "editing": editing, "quarter_hours": _QUARTER_HOURS}
    if is_fragment(request):
        part = "preview" if request.htmx.target == "preview" else "regions"
        response = page(request, _TEMPLATE, context, part=part)
        return response if part == "preview" else reswap(response, "none")
    return page(request, _TEMPLATE, context, status=status)


def effect_alone(request: DoctorRequest, editing: Editing) -> HttpResponse:
    """What the form would do; asked for by a browser itself, with the form."""
    if not is_fragment(request):
        return answer(request, editing=editing)
    return page(request, _TEMPLATE, {"editing": editing}, part="effect", takes_toasts=False)


def done(
    request: DoctorRequest, words: str, *, undo: Undo | None = None, tone: str = "good"
) -> HttpResponse:
    """Say what changed, and show the page as it is now."""
    toast(request, words, undo=undo, tone="warn" if tone == "warn" else "good")
    if is_fragment(request):
        return answer(request)
    return go_to(request, reverse("doctor:availability"))


def today_of(doctor: Doctor, now: datetime) -> date:
    return now.astimezone(zone(doctor.timezone)).date()


def _editor(request: DoctorRequest) -> Editor:
    doctor, now = request.doctor, request.now
    today, asked = today_of(doctor, now), _asked(request)
    return Editor(
        today=today,
        week=week_of(windows_of(doctor), today=today, first_weekday=first_weekday_of(request)),
        ahead=dates_ahead(doctor, today),
        outside=outside_hours(doctor, now=now),
        stop=_stop(doctor, now),
        changes=of_hours_by_others(doctor, since=now - _CHANGES_SHOWN_FOR),
        preview=preview(
            doctor,
            request.organisation,
            type_uid=asked.get("type", ""),
            first=asked.get("from", ""),
            now=now,
        ),
    )


def _stop(doctor: Doctor, now: datetime) -> BookingStop | None:
    stop = (
        BookingStop.objects.of(doctor.organisation)
        .filter(doctor=doctor, lifted_at=None)
        .one_or_none()
    )
    return stop if stop and (stop.until is None or stop.until > now) else None


def _asked(request: DoctorRequest) -> QueryDict:
    """The preview asked for: an act of htmx keeps the one that the page's address names."""
    if is_fragment(request) and request.htmx.target != "preview":
        _, _, query = (request.htmx.current_url or "").partition("?")
        return QueryDict(query.partition("#")[0])
    return request.GET
