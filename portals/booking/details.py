"""The last step: who comes, then the visit is booked. Going back gives the time back, and keeps what was typed."""

from collections.abc import Sequence
from datetime import date

from django import forms
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import letters, lifecycle, links
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from booking_secrets import sessions
from common.clock import zone
from common.local_time import clock_time, day_in_words, time_in_words
from common.texts import is_storable
from organisations import patients
from organisations.patients import UnusableFields
from organisations.profile_fields import LONGEST_TEXT
from portals.forms import PortalForm

from .access import BookingRequest, booking_page
from .by_link import here
from .holding import RAN_OUT, give_back, own_visit
from .languages import language_for, spoken_by
from .steps import steps_of
from .visit_page import visit_page
from .wishes import ANY, choose_url, read_wish

_HERE = "portals/booking/book"
FIELDS = ("first_name", "last_name", "email", "phone", "date_of_birth")
_MISSING = {"required": gettext_lazy("Please fill this in.")}
_UNUSABLE = {
    "first_name": gettext_lazy("Enter a name of at most 200 characters."),
    "last_name": gettext_lazy("Enter a name of at most 200 characters."),
    "email": gettext_lazy("Enter an e-mail address such as name@example.com."),
    "phone": gettext_lazy("Enter a phone number such as 030 901820 or +44 20 7946 0018."),
    "date_of_birth": gettext_lazy("Enter a date in the past, as year, month and day."),
}


class DetailsForm(PortalForm):
    """Plain texts: what of them can be used is the domain's to say."""

    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=LONGEST_TEXT, error_messages=_MISSING
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=LONGEST_TEXT, error_messages=_MISSING
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail address"),
        max_length=LONGEST_TEXT,
        error_messages=_MISSING,
        widget=forms.EmailInput,
        help_text=gettext_lazy("The confirmation and the link to join go here."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )
    date_of_birth = forms.CharField(
        label=gettext_lazy("Date of birth"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.TextInput(attrs={"type": "date"}),
    )

    _AUTOCOMPLETE = ("given-name", "family-name", "email", "tel", "bday")

    def __init__(self, *args: object, warnings: dict[str, str] | None = None) -> None:
        super().__init__(*args)
        for name, words in zip(FIELDS, self._AUTOCOMPLETE, strict=True):
            self.fields[name].widget.attrs["autocomplete"] = words
            if warnings and name in warnings:
                usual = self.fields[name].help_text
                self.fields[name].help_text = f"{warnings[name]} {usual}".strip()


@booking_page
@require_http_methods(["GET", "HEAD", "POST"])
def details(request: BookingRequest, uid: str) -> HttpResponse:
    """GET: the form, while the time is held. POST: book it; pressed again, it leads to the same visit."""
    visit = _visit(request, uid)
    if elsewhere := _not_held(request, visit):
        if request.method == "POST":
            sessions.remember(request.booking, now=request.now, typed=_typed(request))
        return elsewhere
    if request.method != "POST":
        form = DetailsForm(None, None, warnings=_warnings(request))
        form.initial = _initial(request)
        return _show(request, visit, form)
    form = DetailsForm(request.POST, warnings=_warnings(request))
    if not _is_written(request, form):
        sessions.remember(request.booking, now=request.now, typed=_typed(request))
        return _show(request, visit, form, status=422)
    try:
        booked = lifecycle.confirm(visit, actor=request.actor, now=request.now)
    except Refused as refused:
        sessions.remember(request.booking, now=request.now, typed=_typed(request))
        give_back(request, visit)
        problem = RAN_OUT if refused.code == "hold_expired" else refused.code
        return redirect(_times_url(request, visit, problem=problem))
    sessions.remember(request.booking, now=request.now, typed={}, held_uid="")
    return redirect("booking:done", booked.uid)


@booking_page
@require_POST
def release(request: BookingRequest, uid: str) -> HttpResponse:
    """Back to the times: the hold ends at once, what was typed stays."""
    visit = _visit(request, uid)
    if visit.confirmed_at is not None:
        sessions.remember(request.booking, now=request.now)
        return redirect("booking:done", visit.uid)
    has_run_out = visit.status_at(request.now) == Status.EXPIRED or RAN_OUT in request.POST
    give_back(request, visit)
    typed = _typed(request) if "first_name" in request.POST else request.booking.typed
    sessions.remember(request.booking, now=request.now, held_uid="", typed=typed)
    return redirect(_times_url(request, visit, problem=RAN_OUT if has_run_out else ""))


@booking_page
@require_safe
def done(request: BookingRequest, uid: str) -> HttpResponse:
    """What is booked, how to join, and where to change it."""
    visit = _visit(request, uid)
    if visit.status != Status.CONFIRMED:
        is_over = (
            visit.confirmed_at is not None
        )  # moved, cancelled or past meanwhile: its own page knows
        return redirect(here(links.manage_url(visit)) if is_over else choose_url({}))
    page = visit_page(visit, now=request.now)
    context = {
        "shop": request.shop,
        "visit": visit,
        "page": page,
        "manage_url": here(links.manage_url(visit)),
        "join_url": here(links.join_url(visit)),
    }
    return render(request, f"{_HERE}/done.html", context)


def _visit(request: BookingRequest, uid: str) -> Appointment:
    visit = own_visit(request, uid)
    if visit is None:
        raise Http404
    return visit


def _not_held(request: BookingRequest, visit: Appointment) -> HttpResponseRedirect | None:
    """Where to, when there is nothing to confirm: the visit that is booked, or fresh times."""
    status = visit.status_at(request.now)
    if status == Status.HELD:
        return None
    if visit.confirmed_at is not None:
        return redirect("booking:done", visit.uid)
    return redirect(_times_url(request, visit, problem=RAN_OUT if status == Status.EXPIRED else ""))


def _show(
    request: BookingRequest, visit: Appointment, form: DetailsForm, *, status: int = 200
) -> HttpResponse:
    until = visit.hold_expires_at or visit.starts_at
    context = {
        "shop": request.shop,
        "visit": visit,
        "form": form,
        "steps": steps_of(read_wish(request.organisation, _wish(request, visit)), "details"),
        "day": day_in_words(visit.starts_at, request.zone),
        "time": time_in_words(visit.starts_at, request.zone),
        "length": letters.length(visit),
        "until": clock_time(until.astimezone(zone(request.zone))),
        "seconds_left": int((until - request.now).total_seconds()),
        "query": request.GET.urlencode(),
    }
    return render(request, f"{_HERE}/details.html", context, status=status)


def _times_url(request: BookingRequest, visit: Appointment, *, problem: str = "") -> str:
    query = _wish(request, visit)
    if problem:
        query["problem"] = problem
    if problem == "patient_already_booked":
        query["at"] = str(int(visit.starts_at.timestamp()))
    return choose_url(query)


def _wish(request: BookingRequest, visit: Appointment) -> dict[str, str]:
    """The day the patient came from, with the doctor they asked for."""
    is_any = request.GET.get("doctor") == ANY
    return {
        "type": visit.appointment_type.uid,
        "doctor": ANY if is_any else visit.doctor.uid,
        "day": visit.starts_at.astimezone(zone(request.zone)).date().isoformat(),
    }


def _typed(request: BookingRequest) -> dict[str, str]:
    """The fields as they were typed, without what no column could hold."""
    texts = {name: request.POST.get(name, "")[:LONGEST_TEXT] for name in FIELDS}
    return {name: text for name, text in texts.items() if is_storable(text)}


def _initial(request: BookingRequest) -> dict[str, str]:
    """What was typed before, else what the profile says."""
    stored = {name: getattr(request.patient, name) for name in FIELDS}
    known = {
        name: value.isoformat() if isinstance(value, date) else value or ""
        for name, value in stored.items()
    }
    typed: dict[str, str] = request.booking.typed
    return known | typed


def _warnings(request: BookingRequest) -> dict[str, str]:
    """Beside the fields for which the shop sent something of no use, until the patient has typed them."""
    words = gettext("What %(shop)s sent for this could not be used. Please check it.")
    return {
        warning["field"]: words % {"shop": request.shop.name}
        for warning in request.booking.launch_code.warnings
        if warning["field"] in FIELDS and not request.booking.typed.get(warning["field"])
    }


def _is_written(request: BookingRequest, form: DetailsForm) -> bool:
    """Hand what was typed to the profile, with the zone the times were told in; else say what is wrong where."""
    if form.errors:  # what else is wrong is said at once
        typed = {name: form.cleaned_data[name] for name in FIELDS if name in form.cleaned_data}
        shop = request.patient.shop
        _add_unusable(form, patients.unusable_fields(shop, typed, now=request.now))
        return False
    values = {name: form.cleaned_data[name] for name in FIELDS}
    if request.booking.timezone:
        values["timezone"] = request.booking.timezone
    if not spoken_by(request.patient):
        values["language"] = language_for(
            request
        )  # as the page was; messages have no browser to ask
    try:
        patients.type_in(request.patient, values, now=request.now)
    except UnusableFields as unusable:
        _add_unusable(form, unusable.fields)
        return False
    return True


def _add_unusable(form: DetailsForm, fields: Sequence[str]) -> None:
    for name in fields:
        form.add_error(name, str(_UNUSABLE[name]))
