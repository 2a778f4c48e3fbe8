"""A date's own hours instead of the weekly ones: set, changed, removed with undo."""

from dataclasses import replace

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits
from appointments.coverage import newly_outside_hours
from availability.errors import Invalid, Stale
from availability.models import AvailabilityOverride
from availability.proposals import changing_date
from availability.times import date_in_words, hours_in_words
from availability.values import OverrideValues
from portals.doctor.access import DoctorRequest, doctor_page
from portals.rendering import is_fragment
from portals.toasts import Undo

from . import effects
from .date_forms import OverrideForm, initial_of_override, spans_of
from .editor import Editing, answer, done, effect_alone, today_of
from .forms import moment
from .missing import row_or_none
from .words import now_outside

_NEW = "dates-new"
_GONE = "The hours of that date have been removed in the meantime."


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def add(request: DoctorRequest) -> HttpResponse:
    """POST with `more` asks for another span; also what Undo posts."""
    if request.method == "POST":
        return _saved(request, None)
    return answer(request, editing=_editing(_form(request, None)))


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: DoctorRequest, uid: str) -> HttpResponse:
    override = row_or_none(AvailabilityOverride, request.doctor, uid)
    if request.method == "POST":
        # Where the row is gone, a browser's page has only the place of a new one.
        is_placed = override is not None or is_fragment(request)
        return _saved(request, override, slot=f"date-{uid}" if is_placed else _NEW)
    if override is None:
        return done(request, _GONE, tone="warn")
    return answer(request, editing=_editing(_form(request, override), override))


@doctor_page
@require_POST
def remove(request: DoctorRequest, uid: str) -> HttpResponse:
    """The weekly hours hold again on that date; Undo sets them as they were."""
    override = row_or_none(AvailabilityOverride, request.doctor, uid)
    if override is None:
        return done(request, _GONE, tone="warn")
    change = changing_date(override.date, None)
    left = newly_outside_hours(request.doctor, now=request.now, schedule_change=change)
    try:
        values = availability_edits.remove_override(
            override,
            actor=request.actor,
            now=request.now,
            expected=moment(request.POST.get("was", "")),
        )
    except Stale:
        return done(
            request, "Not removed: this date has been changed in the meantime.", tone="warn"
        )
    fields = {
        name: str(value) for name, value in initial_of_override(override).items() if name != "was"
    }
    words = f"Removed. The weekly hours hold again on {date_in_words(values.date)}."
    undo = Undo(reverse("doctor:availability-date-add"), fields)
    return done(request, words + now_outside(left), undo=undo)


@doctor_page
@require_safe
def show_effect(request: DoctorRequest) -> HttpResponse:
    uid = request.GET.get("date_uid", "")
    override = row_or_none(AvailabilityOverride, request.doctor, uid) if uid else None
    editing = _editing(_form(request, override, request.GET), override)
    return effect_alone(request, _with_effect(request, editing, override))


def _saved(
    request: DoctorRequest, override: AvailabilityOverride | None, *, slot: str = ""
) -> HttpResponse:
    form = _form(request, override, request.POST, slot)
    if "more" in request.POST:  # nothing is judged yet
        initial = request.POST.dict()
        form = _form(request, override, initial=initial, slot=slot)
        return answer(request, editing=_editing(form, override))
    editing = _with_effect(request, _editing(form, override), override)
    if form.values is None or editing.effect is None:
        return answer(request, editing=editing, status=422)
    stored = effects.override_on(request.doctor, form.values)
    if form.expected != (stored.updated_at if stored else None):
        return _begun_anew(request, stored, slot)
    if not form.knows(editing.effect.visits):
        return answer(request, editing=replace(editing, is_asking=True))
    try:
        availability_edits.set_override(
            request.doctor,
            form.values,
            actor=request.actor,
            now=request.now,
            expected=stored.updated_at if stored else None,
        )
    except Invalid as error:
        form.add_refusal(error)
        return answer(request, editing=editing, status=422)
    except Stale:
        return _begun_anew(request, effects.override_on(request.doctor, form.values), slot)
    words = f"Saved: {date_in_words(form.values.date)} {hours_in_words(form.values.hours)}."
    return done(request, words + now_outside(editing.effect.visits))


def _begun_anew(
    request: DoctorRequest, stored: AvailabilityOverride | None, slot: str
) -> HttpResponse:
    """The date has hours of its own that the form did not show: what was typed stays, saving again means it."""
    data = request.POST.copy()
    data["was"] = stored.updated_at.isoformat() if stored else ""
    override = stored if slot.startswith("date-") else None
    form = _form(request, override, data, slot)
    form.is_valid()
    words = f"{_GONE} Save again to set them."
    if stored:
        hours = hours_in_words(OverrideValues.of(stored).hours)
        words = f"This date has its own hours by now: {hours}. Save again to replace them."
    form.add_error(None, words)
    return answer(request, editing=_editing(form, override), status=422)


def _form(
    request: DoctorRequest,
    override: AvailabilityOverride | None,
    data: QueryDict | None = None,
    slot: str = "",
    *,
    initial: dict[str, str] | None = None,
) -> OverrideForm:
    begun = initial if initial is not None else initial_of_override(override) if override else {}
    return OverrideForm(
        data,
        initial=begun,
        slot=slot or (f"date-{override.uid}" if override else _NEW),
        today=today_of(request.doctor, request.now),
        spans=spans_of(data if data is not None else begun),
        is_date_fixed=override is not None,
    )


def _with_effect(
    request: DoctorRequest, editing: Editing, override: AvailabilityOverride | None
) -> Editing:
    form = editing.form
    form.is_valid()
    if not isinstance(form, OverrideForm) or form.values is None:
        return editing
    effect = effects.of_override(request.doctor, form.values, request.now)
    stored = effects.override_on(request.doctor, form.values)
    if stored and stored != override:
        words = hours_in_words(OverrideValues.of(stored).hours)
        effect = replace(effect, notes=[f"Replaces what this date has already: {words}."])
    return replace(editing, effect=effect)


def _editing(form: OverrideForm, override: AvailabilityOverride | None = None) -> Editing:
    effect_url = reverse("doctor:availability-date-effect")
    if override is None:
        title, url = "Other hours on one date", reverse("doctor:availability-date-add")
    else:
        title = f"Hours on {override.date:%A, %-d %B %Y}"
        url = reverse("doctor:availability-date", args=[override.uid])
        effect_url += f"?date_uid={override.uid}"
    return Editing(
        slot=form.slot,
        title=title,
        submit="Save",
        url=url,
        page_url=url,
        effect_url=effect_url,
        fields="portals/doctor/availability/_override_fields.html",
        form=form,
    )
