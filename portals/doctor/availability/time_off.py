"""Time off: added, changed, removed with undo. How many booked visits lie inside is said before it is saved."""

from dataclasses import replace

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits
from availability.errors import Invalid, Stale
from availability.models import TimeOff
from availability.values import TimeOffValues
from portals.doctor.access import DoctorRequest, doctor_page
from portals.rendering import is_fragment
from portals.toasts import Undo

from . import effects
from .date_forms import TimeOffForm, initial_of_time_off
from .editor import Editing, answer, done, effect_alone, today_of
from .forms import moment
from .missing import row_or_none
from .words import now_outside

_NEW = "off-new"
_GONE = "This time off has been removed in the meantime."


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: DoctorRequest) -> HttpResponse:
    if request.method == "POST":
        return _saved(request, _form(request, request.POST), None)
    return answer(request, editing=_editing(_form(request)))


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: DoctorRequest, uid: str) -> HttpResponse:
    time_off = row_or_none(TimeOff, request.doctor, uid)
    if request.method == "POST":
        form = _form(request, request.POST, slot=f"off-{uid}")
        return _saved(request, form, time_off) if time_off else _begun_anew(request, form, None)
    if time_off is None:
        return done(request, _GONE, tone="warn")
    return answer(request, editing=_editing(_form(request, time_off=time_off), time_off))


@doctor_page
@require_POST
def remove(request: DoctorRequest, uid: str) -> HttpResponse:
    """Opens the time again, so no visit can fall outside; the note comes back with Undo."""
    time_off = row_or_none(TimeOff, request.doctor, uid)
    if time_off is None:
        return done(request, _GONE, tone="warn")
    expected = moment(request.POST.get("was", ""))
    try:
        values = availability_edits.remove_time_off(
            time_off, actor=request.actor, now=request.now, expected=expected
        )
    except Stale:
        words = "Not removed: this time off has been changed in the meantime."
        return done(request, words, tone="warn")
    begun = initial_of_time_off(time_off)
    fields = {name: str(value) for name, value in begun.items() if name != "was"}
    words = f"Removed the time off. {effects.span_in_words(values)}"
    undo = Undo(reverse("doctor:availability-off-add"), fields | {"shown": "undo"})
    return done(request, words, undo=undo)


@doctor_page
@require_safe
def show_effect(request: DoctorRequest) -> HttpResponse:
    uid = request.GET.get("off", "")
    time_off = row_or_none(TimeOff, request.doctor, uid) if uid else None
    form = _form(request, request.GET, time_off=time_off)
    return effect_alone(request, _with_effect(request, _editing(form, time_off), form, time_off))


def _saved(request: DoctorRequest, form: TimeOffForm, time_off: TimeOff | None) -> HttpResponse:
    editing = _with_effect(request, _editing(form, time_off), form, time_off)
    if form.values is None or editing.effect is None:
        return answer(request, editing=editing, status=422)
    is_undo = form.cleaned_data["shown"] == "undo"  # it was so a moment ago
    if not is_undo and not form.knows(editing.effect.visits):
        return answer(request, editing=replace(editing, is_asking=True))
    try:
        words = _write(request, form, form.values, time_off)
    except Invalid as error:
        form.add_refusal(error)
        return answer(request, editing=editing, status=422)
    except Stale:
        return _begun_anew(request, form, time_off)
    return done(request, words + now_outside(editing.effect.visits))


def _write(
    request: DoctorRequest, form: TimeOffForm, values: TimeOffValues, time_off: TimeOff | None
) -> str:
    actor, now = request.actor, request.now
    span = effects.span_in_words(values)
    if time_off is None:
        availability_edits.add_time_off(request.doctor, values, actor=actor, now=now)
        return f"Time off added. {span}"
    before = TimeOffValues.of(time_off)
    availability_edits.change_time_off(
        time_off, values, actor=actor, now=now, expected=form.expected
    )
    return "Nothing was changed." if values == before else f"Time off saved. {span}"


def _begun_anew(
    request: DoctorRequest, form: TimeOffForm, time_off: TimeOff | None
) -> HttpResponse:
    """What was typed, beside what somebody else has saved meanwhile: saving again means it."""
    stored = TimeOff.objects.filter(pk=time_off.pk).one_or_none() if time_off else None
    data = request.POST.copy()
    data["was"] = stored.updated_at.isoformat() if stored else ""
    # Where the row is gone, a browser's page has only the place of a new one.
    slot = form.slot if stored or is_fragment(request) else _NEW
    again = _form(request, data, slot=slot)
    again.is_valid()
    words = f"{_GONE} Save to add it again."
    if stored:
        span = effects.span_in_words(TimeOffValues.of(stored))
        words = f"Changed in the meantime. It is now {span} Save again to replace it."
    again.add_error(None, words)
    editing = _with_effect(request, _editing(again, stored), again, stored)
    return answer(request, editing=editing, status=422)


def _form(
    request: DoctorRequest,
    data: QueryDict | None = None,
    *,
    time_off: TimeOff | None = None,
    slot: str = "",
) -> TimeOffForm:
    return TimeOffForm(
        data,
        initial=initial_of_time_off(time_off) if time_off else {},
        slot=slot or (f"off-{time_off.uid}" if time_off else _NEW),
        today=today_of(request.doctor, request.now),
    )


def _with_effect(
    request: DoctorRequest, editing: Editing, form: TimeOffForm, time_off: TimeOff | None
) -> Editing:
    form.is_valid()
    if form.values is None:
        return editing
    replacing = TimeOffValues.of(time_off) if time_off else None
    effect = effects.of_time_off(request.doctor, form.values, request.now, replacing=replacing)
    return replace(editing, effect=effect)


def _editing(form: TimeOffForm, time_off: TimeOff | None = None) -> Editing:
    effect_url = reverse("doctor:availability-off-effect")
    if time_off is None:
        title, url = "Time off", reverse("doctor:availability-off-add")
    else:
        title, url = "Change time off", reverse("doctor:availability-off", args=[time_off.uid])
        effect_url += f"?off={time_off.uid}"
    return Editing(
        slot=form.slot,
        title=title,
        submit="Save" if time_off else "Add time off",
        url=url,
        page_url=url,
        effect_url=effect_url,
        fields="portals/doctor/availability/_time_off_fields.html",
        form=form,
    )
