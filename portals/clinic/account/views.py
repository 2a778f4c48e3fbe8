"""My account: who I am here, how I am reached, and how my sign-in is protected."""

from django.contrib.auth import update_session_auth_hash
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from organisations import phones
from organisations import team as people
from organisations.errors import Invalid
from organisations.models import Membership, Shop
from portals.accounts.second_factor import SecondFactorAdapter, is_required_of
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import posted
from portals.rendering import go_to, page
from portals.toasts import Undo, toast

from .forms import ProfileForm


@clinic_page(Right.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: ClinicRequest) -> HttpResponse:
    member, country = _me(request), _country(request)
    form = _form(request, member, country)
    if request.method == "POST" and form.is_valid():
        try:
            people.change_profile(
                member, **form.cleaned_data, country=country, actor=request.actor, now=request.now
            )
        except Invalid as invalid:
            form.add_error(invalid.field, invalid.message)
        else:
            toast(request, "Saved.")
            return go_to(request, reverse("clinic:account"))
    context = {
        "form": form,
        "member": member,
        "has_second_factor": SecondFactorAdapter().is_mfa_enabled(member.user, ["totp"]),
        "is_required": is_required_of(member.user),
    }
    status = 422 if form.errors else 200
    return page(request, "portals/clinic/account/account.html", context, status=status)


@clinic_page(Right.VIEW)
@require_POST
def switch_reminders(request: ClinicRequest) -> HttpResponse:
    is_on = request.POST.get("reminders") == "on"
    member = _me(request)
    if people.switch_reminders(member, is_on, actor=request.actor, now=request.now):
        words = "Reminders are on." if is_on else "You get no more reminders."
        opposite = {"reminders": "off" if is_on else "on"}
        toast(request, words, undo=Undo(reverse("clinic:account-reminders"), opposite))
    return go_to(request, reverse("clinic:account"))


@clinic_page(Right.VIEW)
@require_POST
def end_sessions(request: ClinicRequest) -> HttpResponse:
    """Everywhere but here."""
    member = _me(request)
    people.end_all_sessions(member.user, request.organisation, actor=request.actor, now=request.now)
    update_session_auth_hash(request, member.user)
    toast(request, "You are signed out everywhere else.")
    return go_to(request, reverse("clinic:account"))


def _me(request: ClinicRequest) -> Membership:
    """The membership with its user as the session has it, without asking again."""
    request.membership.user = request.layout.user
    return request.membership


def _country(request: ClinicRequest) -> str:
    """Where a number without country code is read: the country of the oldest active shop."""
    shops = Shop.objects.of(request.organisation).filter(is_active=True).order_by("pk")
    return shops.values_list("country", flat=True).first() or ""


def _form(request: ClinicRequest, member: Membership, country: str) -> ProfileForm:
    user = member.user
    return ProfileForm(
        posted(request),
        initial={
            "name": user.name,
            "timezone": user.timezone,
            "mobile_phone": user.mobile_phone,
        },
        organisation_zone=request.organisation.timezone,
        example=phones.example_of(country),
    )
