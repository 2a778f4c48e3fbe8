"""Settings: how a doctor is reached and shown, in which zone, and how the sign-in is protected."""

from collections.abc import Callable

from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from appointments import availability_edits, calendar_feed
from organisations import doctors, team
from organisations.errors import Invalid
from portals.accounts.second_factor import SecondFactorAdapter, is_required_of
from portals.doctor.access import DoctorRequest, doctor_page
from portals.forms import PortalForm, posted
from portals.phone_form import PhoneForm, example_number
from portals.rendering import go_to, page
from portals.toasts import Undo, toast

from .forms import NameForm, NoticesForm, ZoneForm
from .zone_change import effect_of, upcoming_of

_SETTINGS = "portals/doctor/settings/settings.html"
_ZONE = "portals/doctor/settings/time_zone.html"


@doctor_page
@require_safe
def settings(request: DoctorRequest) -> HttpResponse:
    return _settings(request)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def mobile_phone(request: DoctorRequest) -> HttpResponse:
    """Where text messages go; the prescription phone number is another one and stays."""
    form = _phone_form(request)

    def save(mobile_phone: str) -> bool:
        return bool(
            doctors.change_contact(
                request.doctor, mobile_phone=mobile_phone, actor=request.actor, now=request.now
            )
        )

    return _saved(request, form, save, "Mobile phone number saved.", phone_form=form)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def name(request: DoctorRequest) -> HttpResponse:
    form = _name_form(request)

    def save(display_name: str) -> bool:
        return doctors.rename(
            request.doctor, display_name=display_name, actor=request.actor, now=request.now
        )

    return _saved(request, form, save, "Name saved.", name_form=form)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: DoctorRequest) -> HttpResponse:
    form = NoticesForm(posted(request), doctor=request.doctor)

    def save(notices: list[str], chosen: str) -> bool:
        return bool(
            doctors.choose_notices(
                request.doctor, wanted=notices, actor=request.actor, now=request.now
            )
        )

    return _saved(request, form, save, "Notices saved.", notices_form=form)


@doctor_page
@require_http_methods(["GET", "HEAD", "POST"])
def time_zone(request: DoctorRequest) -> HttpResponse:
    """`?timezone=` says what it would do; a POST does it, with the way back."""
    before = request.doctor.timezone
    given = request.POST if request.method == "POST" else request.GET
    form = ZoneForm(given if given or request.method == "POST" else None, current=before)
    if form.is_valid() and request.method == "POST":
        timezone = form.cleaned_data["timezone"]
        availability_edits.change_timezone(
            request.doctor, timezone=timezone, actor=request.actor, now=request.now
        )
        undo = Undo(reverse("doctor:settings-time-zone"), {"timezone": before})
        toast(request, f"Your time zone is {timezone}.", undo=undo)
        return go_to(request, reverse("doctor:settings"))
    effect = None
    if form.is_bound and not form.errors:
        effect = effect_of(request.doctor, form.cleaned_data["timezone"], now=request.now)
    context = {"form": form, "effect": effect}
    status = 422 if form.errors else 200
    return page(request, _ZONE, context, part="effect", status=status, takes_toasts=False)


@doctor_page
@require_POST
def end_sessions(request: DoctorRequest) -> HttpResponse:
    """Everywhere but here."""
    user = request.layout.user
    team.end_all_sessions(user, request.organisation, actor=request.actor, now=request.now)
    update_session_auth_hash(request, user)
    toast(request, "You are signed out everywhere else.")
    return go_to(request, reverse("doctor:settings"))


def _saved(
    request: DoctorRequest,
    form: PortalForm,
    save: Callable[..., bool],
    said: str,
    **shown: PortalForm,
) -> HttpResponse:
    """Save what was posted and go back; what is refused stands beside its field, on the whole page."""
    if request.method == "POST" and form.is_valid():
        try:
            toast(request, said if save(**form.cleaned_data) else "Nothing was changed.")
        except Invalid as invalid:
            request.doctor.refresh_from_db(fields=["display_name", "mobile_phone"])
            form.add_error(invalid.field, invalid.message)
    if form.errors:
        return _settings(request, status=422, **shown)
    return go_to(request, reverse("doctor:settings"))


def _settings(request: DoctorRequest, *, status: int = 200, **bound: PortalForm) -> HttpResponse:
    doctor, user = request.doctor, request.layout.user
    doctor.user = user
    feed = calendar_feed.feed_of(doctor)
    address = calendar_feed.url(feed, doctor) if feed else ""
    context = {
        "doctor": doctor,
        "phone_form": bound.get("phone_form") or _phone_form(request),
        "name_form": bound.get("name_form") or _name_form(request),
        "notices_form": bound.get("notices_form") or NoticesForm(doctor=doctor),
        "mail_goes_to": doctor.email or user.email,
        "upcoming": upcoming_of(doctor, request.now),
        "feed": feed,
        "feed_url": address,
        "feed_subscribe_url": address.replace("https://", "webcal://").replace(
            "http://", "webcal://"
        ),
        "has_second_factor": SecondFactorAdapter().is_mfa_enabled(user, ["totp"]),
        "is_required": is_required_of(user),
    }
    return page(request, _SETTINGS, context, status=status)


def _phone_form(request: DoctorRequest) -> PhoneForm:
    return PhoneForm(
        posted(request) if _is_at(request, "settings-mobile-phone") else None,
        initial={"mobile_phone": request.doctor.mobile_phone},
        example=example_number(request.organisation),
    )


def _name_form(request: DoctorRequest) -> NameForm:
    given = posted(request) if _is_at(request, "settings-name") else None
    return NameForm(given, initial={"display_name": request.doctor.display_name})


def _is_at(request: DoctorRequest, route: str) -> bool:
    return request.path == reverse(f"doctor:{route}")
