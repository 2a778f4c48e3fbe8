"""The weekly windows, edited in place: add, edit, remove with undo. Each says in words what changed."""

from dataclasses import replace

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits
from appointments.coverage import newly_outside_hours
from availability.errors import Invalid, Stale, WindowOverlap
from availability.models import AvailabilityWindow, Weekday
from availability.proposals import changing_windows
from availability.values import WindowValues
from portals.doctor.access import DoctorRequest, doctor_page
from portals.rendering import is_fragment
from portals.toasts import Undo

from . import effects
from .editor import Editing, answer, done, effect_alone
from .forms import WindowForm, initial_of, typed
from .missing import row_or_none
from .words import now_outside

_GONE = "These hours have been removed in the meantime."


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: DoctorRequest) -> HttpResponse:
    """GET `?weekday=`: the form, in that day's row. POST: the hours, from now on; also what Undo posts."""
    if request.method == "POST":
        return _saved(request, WindowForm(request.POST, slot=_slot(request.POST.get("weekday"))))
    slot = _slot(request.GET.get("weekday"))
    form = WindowForm(initial={"weekday": slot.removeprefix("day-")}, slot=slot)
    return answer(request, editing=_editing(form))


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: DoctorRequest, uid: str) -> HttpResponse:
    """What somebody else has changed meanwhile is told, and what was typed stays; so if it is gone."""
    window = row_or_none(AvailabilityWindow, request.doctor, uid)
    if request.method == "POST":
        form = WindowForm(request.POST, slot=f"hours-{uid}")
        return _saved(request, form, window) if window else _begun_anew(request, form, uid)
    if window is None:
        return done(request, _GONE, tone="warn")
    form = WindowForm(initial=initial_of(window), slot=f"hours-{uid}")
    return answer(request, editing=_editing(form, window))


@doctor_page
@require_POST
def remove(request: DoctorRequest, uid: str) -> HttpResponse:
    """Asks nothing, offers Undo, and says how many visits lie outside the hours without them."""
    window = row_or_none(AvailabilityWindow, request.doctor, uid)
    if window is None:
        return done(request, _GONE, tone="warn")
    form = WindowForm(request.POST, slot=f"hours-{uid}")
    form.is_valid()
    change = changing_windows(without=[WindowValues.of(window)])
    left = newly_outside_hours(request.doctor, now=request.now, schedule_change=change)
    try:
        values = availability_edits.remove_window(
            window, actor=request.actor, now=request.now, expected=form.expected
        )
    except Stale:
        return done(request, f"Not removed. {_changed(window)}", tone="warn")
    fields = {name: str(value or "") for name, value in typed(values).items()}
    undo = Undo(reverse("doctor:availability-hours-add"), fields | {"weekday": str(values.weekday)})
    return done(request, f"Removed {values.in_words()}.{now_outside(left)}", undo=undo)


@doctor_page
@require_safe
def show_effect(request: DoctorRequest) -> HttpResponse:
    """What saving the form as it is would do; `?window=` names the one being changed."""
    uid = request.GET.get("window", "")
    window = row_or_none(AvailabilityWindow, request.doctor, uid) if uid else None
    slot = f"hours-{window.uid}" if window else _slot(request.GET.get("weekday"))
    form = WindowForm(request.GET, slot=slot)
    return effect_alone(request, _with_effect(request, _editing(form, window), form, window))


def _saved(
    request: DoctorRequest, form: WindowForm, window: AvailabilityWindow | None = None
) -> HttpResponse:
    """Save, and show the week; or the form again with what stands against it."""
    editing = _with_effect(request, _editing(form, window), form, window)
    effect = editing.effect
    if form.values is None or effect is None:
        return answer(request, editing=editing, status=422)
    if not effect.overlaps and not form.knows(effect.visits):
        return answer(request, editing=replace(editing, is_asking=True))
    try:
        words = _write(request, form.values, window, form)
    except WindowOverlap as error:
        form.add_error(None, error.message)
        # The one that was quicker is marked, too.
        editing = _with_effect(request, editing, form, window)
        return answer(request, editing=editing, status=422)
    except Invalid as error:
        form.add_refusal(error)
        return answer(request, editing=editing, status=422)
    except Stale:
        return _begun_anew(request, form, window.uid if window else "")
    return done(request, words + now_outside(effect.visits))


def _write(
    request: DoctorRequest,
    values: WindowValues,
    window: AvailabilityWindow | None,
    form: WindowForm,
) -> str:
    actor, now = request.actor, request.now
    if window is None:
        availability_edits.add_window(request.doctor, values, actor=actor, now=now)
        return f"Added {values.in_words()}."
    before = WindowValues.of(window)
    availability_edits.change_window(window, values, actor=actor, now=now, expected=form.expected)
    if values == before:
        return "Nothing was changed."
    return f"Saved: {before.in_words()} is now {values.in_words()}."


def _begun_anew(request: DoctorRequest, form: WindowForm, uid: str) -> HttpResponse:
    """What was typed, beside what somebody else has saved meanwhile: saving again means it."""
    window = row_or_none(AvailabilityWindow, request.doctor, uid)
    was = window.updated_at.isoformat() if window else ""
    # Where the row is gone, a browser's page has only the day's place for the form.
    slot = form.slot if window or is_fragment(request) else _slot(form.data.get("weekday"))
    again = WindowForm(request.POST.dict() | {"was": was}, slot=slot)
    words = f"{_changed(window)} Save again to replace them." if window else _GONE
    again.add_error(None, words if window else f"{words} Save to add them again.")
    editing = _with_effect(request, _editing(again, window), again, window)
    return answer(request, editing=editing, status=422)


def _changed(window: AvailabilityWindow) -> str:
    stored = AvailabilityWindow.objects.filter(pk=window.pk).one_or_none() or window
    words = WindowValues.of(stored).in_words()
    return f"These hours have been changed in the meantime. They are now {words}."


def _with_effect(
    request: DoctorRequest, editing: Editing, form: WindowForm, window: AvailabilityWindow | None
) -> Editing:
    form.is_valid()
    if form.values is None:
        return editing
    effect = effects.of_window(request.doctor, form.values, now=request.now, replacing=window)
    return replace(editing, effect=effect)


def _editing(form: WindowForm, window: AvailabilityWindow | None = None) -> Editing:
    effect_url = reverse("doctor:availability-hours-effect")
    if window is None:
        weekday = form["weekday"].value()
        title = f"Add hours on {_name(weekday)}" if _name(weekday) else "Add hours"
        url = reverse("doctor:availability-hours-add")
        page_url = f"{url}?weekday={form.slot.removeprefix('day-')}"
    else:
        title = f"Change {_name(window.weekday)}"
        url = page_url = reverse("doctor:availability-hours", args=[window.uid])
        effect_url += f"?window={window.uid}"
    return Editing(
        slot=form.slot,
        title=title,
        submit="Save" if window else "Add",
        url=url,
        page_url=page_url,
        effect_url=effect_url,
        fields="portals/doctor/availability/_window_fields.html",
        form=form,
    )


def _name(weekday: object) -> str:
    """The day's name; "" for nonsense."""
    text = str(weekday)
    return str(Weekday(int(text)).label) if text in _WEEKDAYS else ""


def _slot(weekday: object) -> str:
    """The place of a day in the page; Monday's for nonsense."""
    return f"day-{weekday}" if weekday in _WEEKDAYS else f"day-{Weekday.MONDAY.value}"


_WEEKDAYS = {str(weekday.value) for weekday in Weekday}
