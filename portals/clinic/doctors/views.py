"""The doctors: the list, one doctor's page, the mobile number, and stopping new bookings."""

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits
from availability.errors import Invalid as InvalidAvailability
from organisations import doctors as doctor_verbs
from organisations.errors import Invalid
from organisations.models import Doctor
from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import posted
from portals.keyset import paginate
from portals.phone_form import PhoneForm, example_number
from portals.reasons import Answer, explain
from portals.rendering import get_or_404, go_to, page
from portals.toasts import toast
from portals.week import first_weekday_of

from .forms import StopForm, WhyForm
from .profile import Profile, email_of, profile_of
from .queries import CONDITIONS, Show, counts, doctors_of, stops_in_force, with_types

_LIST = "portals/clinic/doctors/list.html"
_DETAIL = "portals/clinic/doctors/detail.html"
_PHONE = "portals/clinic/doctors/phone.html"
_STOP = "portals/clinic/doctors/stop.html"
_TABS = {
    Show.ALL: "All",
    Show.NO_WINDOWS: "No hours",
    Show.NO_NUMBER: "No mobile number",
    Show.STOPPED: "Stopped",
}


@clinic_page(Right.VIEW)
@require_safe
def doctors(request: ClinicRequest) -> HttpResponse:
    """Active ones first, by name. `?show=` narrows it to who needs something."""
    given = request.GET.get("show", "")
    show = Show(given) if given in list(Show) else Show.ALL
    rows = doctors_of(request.organisation, request.now)
    found = counts(rows)
    shown = with_types(rows.filter(CONDITIONS[show]))
    context = {
        "doctors": paginate(request, shown, key=("order_key", "uid"), is_time=False),
        "tabs": [
            Tab(label, f"?show={each}", each == show, found[each]) for each, label in _TABS.items()
        ],
        "show": show,
        "has_any": found[Show.ALL] > 0,
    }
    return page(request, _LIST, context, part="rows")


@clinic_page(Right.VIEW)
@require_safe
def doctor(request: ClinicRequest, uid: str) -> HttpResponse:
    """With `?type=` and `?date=` it answers why there is no slot; htmx gets the answer alone."""
    row = _find(request, uid)
    profile = profile_of(
        row, zone_name=request.zone, now=request.now, first_weekday=first_weekday_of(request)
    )
    form, answer = _why(request, profile)
    context = {"doctor": row, "profile": profile, "why_form": form, "answer": answer}
    return page(request, _DETAIL, context, part="why")


def _why(request: ClinicRequest, profile: Profile) -> tuple[WhyForm, Answer | None]:
    is_asked = "date" in request.GET or "type" in request.GET
    form = WhyForm(
        request.GET if is_asked else None,
        types=profile.types,
        today=profile.today,
        initial={"date": profile.today},
    )
    if not (is_asked and form.is_valid()):
        return form, None
    kind, day = form.cleaned_data["type"], form.cleaned_data["date"]
    return form, explain(kind, profile.doctor, day, request.now, visit_route="clinic:appointment")


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def phone(request: ClinicRequest, uid: str) -> HttpResponse:
    """The mobile number for text messages; it changes nothing else. Audited without the number."""
    row = _find(request, uid)
    example = example_number(request.organisation)
    form = PhoneForm(posted(request), initial={"mobile_phone": row.mobile_phone}, example=example)
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["mobile_phone"]
        try:
            changed = doctor_verbs.change_contact(
                row, mobile_phone=number, actor=request.actor, now=request.now
            )
        except Invalid as error:
            form.add_error(error.field, ValidationError(error.message))
        else:
            toast(request, "Mobile phone number saved." if changed else "Nothing was changed.")
            return go_to(request, _page_of(row))
    context = {"doctor": row, "form": form, "back": _page_of(row)}
    return page(request, _PHONE, context, part="dialog", status=422 if form.errors else 200)


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: ClinicRequest, uid: str) -> HttpResponse:
    """No new bookings, until a time or until lifted; booked visits stay and the doctor is told."""
    row = _find(request, uid)
    form = StopForm(posted(request), zone_name=request.zone, now=request.now)
    if form.is_valid() and _is_stopped(request, row, form):
        toast(request, "New bookings are stopped. Booked visits stay as they are.")
        return go_to(request, _page_of(row))
    context = {
        "doctor": row,
        "form": form,
        "back": _page_of(row),
        "in_force": stops_in_force(request.now).filter(doctor=row).first(),
        "recipients": [_told(row)],
    }
    return page(request, _STOP, context, part="dialog", status=422 if form.errors else 200)


def _is_stopped(request: ClinicRequest, row: Doctor, form: StopForm) -> bool:
    """Do it; what the verb refuses stands beside its field."""
    reason, until = form.cleaned_data["reason"], form.cleaned_data["until"]
    try:
        availability_edits.stop_bookings(
            row, reason=reason, until=until, actor=request.actor, now=request.now
        )
    except InvalidAvailability as error:
        form.add_error(error.field, ValidationError(error.message))
    return not form.errors


@clinic_page(Right.ACT)
@require_POST
def lift(request: ClinicRequest, uid: str) -> HttpResponse:
    """Let bookings go on; the doctor is told. A stop that is over already is said to be."""
    row = _find(request, uid)
    if availability_edits.lift_stop(row, actor=request.actor, now=request.now):
        toast(request, "New bookings are possible again.")
    else:
        toast(request, "New bookings were not stopped any more.", tone="info")
    return go_to(request, _page_of(row))


def _find(request: ClinicRequest, uid: str) -> Doctor:
    rows = doctors_of(request.organisation, request.now)
    row = get_or_404(rows.select_related("user", "meeting_room"), uid=uid)
    row.organisation = request.organisation
    return row


def _page_of(row: Doctor) -> str:
    return reverse("clinic:doctor", args=[row.uid])


def _told(row: Doctor) -> dict[str, str]:
    address = email_of(row)
    return {
        "name": row.display_name,
        "address": address,
        "skip_reason": "" if address else "no e-mail address",
    }
