"""One day's hours copied to others: what they had is named before, and comes back with Undo."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits
from availability.editing import CopiedDay, states_of_days
from availability.errors import Invalid, Stale, WindowOverlap
from availability.models import AvailabilityWindow, Weekday
from availability.times import hours_in_words
from availability.values import WindowValues
from portals.doctor.access import DoctorRequest, doctor_page
from portals.toasts import Undo
from portals.week import first_weekday_of

from . import effects
from .editor import Editing, answer, done, effect_alone
from .forms import CopyForm
from .words import now_outside

# What reading somebody's own text as JSON windows may raise.
_CHANGED = "These days have been changed in the meantime. Look at the hours they have now, then copy again."
_NONSENSE = (ValueError, TypeError, LookupError, OverflowError, RecursionError)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def copy(request: DoctorRequest) -> HttpResponse:
    """`?weekday=` is the day that is copied: GET the choice of the others, POST the copy."""
    weekday = _weekday(request.GET.get("weekday"))
    if request.method != "POST":
        return answer(request, editing=_editing(request, weekday))
    editing = _with_effect(request, _editing(request, weekday, request.POST), weekday)
    form, effect = editing.form, editing.effect
    if not isinstance(form, CopyForm) or not form.is_valid() or effect is None:
        return answer(request, editing=editing, status=422)
    if not effect.overlaps and not form.knows(effect.visits):
        return answer(request, editing=replace(editing, is_asking=True))
    return _copied(request, editing, form, weekday)


@doctor_page
@require_POST
def undo_copy(request: DoctorRequest) -> HttpResponse:
    """The days are as they were before the copy; not where somebody has gone on from there."""
    added = request.POST.get("added", "").replace("\0", "").split()
    try:
        availability_edits.undo_copy(
            request.doctor,
            added=added,
            removed=_read(request.POST.get("removed", "[]")),
            actor=request.actor,
            now=request.now,
        )
    except (Stale, WindowOverlap, Invalid, *_NONSENSE):
        words = "Not undone: the days have been changed in the meantime."
        return done(request, words, tone="warn")
    return done(request, "The days are as they were before.")


@doctor_page
@require_safe
def show_effect(request: DoctorRequest) -> HttpResponse:
    weekday = _weekday(request.GET.get("weekday"))
    editing = _editing(request, weekday, request.GET)
    return effect_alone(request, _with_effect(request, editing, weekday))


def _copied(request: DoctorRequest, editing: Editing, form: CopyForm, weekday: int) -> HttpResponse:
    days = sorted(form.cleaned_data["to"])
    try:
        copied = availability_edits.copy_day(
            request.doctor,
            from_weekday=weekday,
            to_weekdays=days,
            actor=request.actor,
            now=request.now,
            expected=form.states,
        )
    except (WindowOverlap, Invalid) as error:
        form.add_error("to" if isinstance(error, Invalid) else None, error.message)
        return answer(request, editing=editing, status=422)
    except Stale:
        return _begun_anew(request, weekday)
    names = ", ".join(Weekday(day).label for day in days)
    visits = editing.effect.visits if editing.effect else ()
    words = f"Copied {Weekday(weekday).label} to {names}.{now_outside(visits)}"
    return done(request, words, undo=_undo(copied))


def _begun_anew(request: DoctorRequest, weekday: int) -> HttpResponse:
    """The days chosen, beside what they have by now: copying again means it."""
    data = request.POST.copy()
    data["was"] = _states(effects.windows_of(request.doctor))
    again = _with_effect(request, _editing(request, weekday, data), weekday)
    again.form.add_error(None, _CHANGED)
    return answer(request, editing=again, status=422)


def _states(windows: Iterable[AvailabilityWindow]) -> str:
    return " ".join(state for _, state in sorted(states_of_days(windows).items()))


def _editing(request: DoctorRequest, weekday: int, data: QueryDict | None = None) -> Editing:
    query = f"?weekday={weekday}"
    rows = effects.windows_of(request.doctor)
    form = CopyForm(
        data,
        days=_other_days(request, weekday, rows),
        initial={"was": _states(rows)},
        slot=f"day-{weekday}",
    )
    return Editing(
        slot=form.slot,
        title=f"Copy {Weekday(weekday).label} to other days",
        submit="Copy",
        url=reverse("doctor:availability-hours-copy") + query,
        page_url=reverse("doctor:availability-hours-copy") + query,
        effect_url=reverse("doctor:availability-hours-copy-effect") + query,
        fields="portals/doctor/availability/_copy_fields.html",
        form=form,
    )


def _other_days(
    request: DoctorRequest, weekday: int, rows: Sequence[AvailabilityWindow]
) -> list[tuple[int, str]]:
    """In the order of the page, each with the hours it has."""
    first = first_weekday_of(request)
    found = []
    for day in ((first + ahead) % 7 for ahead in range(7)):
        hours = [(row.start_minute, row.end_minute) for row in rows if row.weekday == day]
        words = hours_in_words(hours) if hours else "no hours"
        if day != weekday:
            found.append((day, f"{Weekday(day).label}: {words}"))
    return found


def _with_effect(request: DoctorRequest, editing: Editing, weekday: int) -> Editing:
    if not editing.form.is_valid():
        return editing
    days = editing.form.cleaned_data["to"]
    return replace(editing, effect=effects.of_copy(request.doctor, weekday, days, request.now))


def _weekday(text: str | None) -> int:
    """Monday for nonsense."""
    return int(text) if text in {str(day.value) for day in Weekday} else Weekday.MONDAY


def _undo(copied: CopiedDay) -> Undo:
    removed = [_written(values) for values in copied.removed]
    fields = {
        "added": " ".join(window.uid for window in copied.added),
        "removed": json.dumps(removed),
    }
    return Undo(reverse("doctor:availability-hours-uncopy"), fields)


def _written(values: WindowValues) -> dict[str, Any]:
    return {
        name: value.isoformat() if isinstance(value, date) else value
        for name, value in asdict(values).items()
    }


def _read(text: str) -> list[WindowValues]:
    """What `_written` wrote. Raises one of _NONSENSE for anything else."""
    return [
        WindowValues(
            int(each["weekday"]),
            int(each["start_minute"]),
            int(each["end_minute"]),
            *(_date_or_none(each[name]) for name in ("valid_from", "valid_until")),
        )
        for each in json.loads(text)
    ]


def _date_or_none(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
