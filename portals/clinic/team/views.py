"""Settings, Team: who works in this portal, as what; inviting, changing roles, leaving."""

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from organisations import invitations
from organisations import team as people
from organisations.errors import Invalid
from organisations.models import Invitation, Membership, Role
from portals.accounts.freshness import fresh_login
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import PortalForm, posted
from portals.rendering import get_or_404, go_to, page
from portals.toasts import toast

from . import mailing, queries
from .forms import InviteForm, RoleForm

_MEANWHILE = "This invitation was accepted or withdrawn meanwhile."


@clinic_page(Right.SETTINGS)
@require_safe
def team(request: ClinicRequest) -> HttpResponse:
    context = {
        "members": queries.members_of(request.organisation),
        "invitations": queries.invitations_of(request.organisation),
    }
    return page(request, "portals/clinic/team/team.html", context)


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: ClinicRequest) -> HttpResponse:
    form = InviteForm(posted(request))
    if request.method == "POST" and form.is_valid():
        email, role = form.cleaned_data["email"], Role(form.cleaned_data["role"])
        try:
            mailing.invite(
                request.organisation, email=email, role=role, actor=request.actor, now=request.now
            )
        except Invalid as invalid:
            form.add_error("email", invalid.message)
        else:
            toast(request, "Invited. The mail is on its way.")
            return go_to(request, reverse("clinic:team"))
    return _ask(request, form, title="Invite to the team", submit="Send invitation")


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def change_role(request: ClinicRequest, uid: str) -> HttpResponse:
    member = _member(request, uid)
    form = RoleForm(posted(request), initial={"role": member.role})
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            people.change_role(member, role=role, actor=request.actor, now=request.now)
        except Invalid as invalid:
            form.add_error("role", invalid.message)
        else:
            toast(request, f"{member.user} now has the role {role.label.lower()}.")
            return go_to(request, _after(request, member, stays=role == Role.ADMIN))
    text = "It counts from the next page they open. Nobody is told by mail."
    return _ask(request, form, title=f"Role of {member.user}", submit="Save role", text=text)


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: ClinicRequest, uid: str) -> HttpResponse:
    member = _member(request, uid)
    form = PortalForm(posted(request))
    if request.method == "POST":
        try:
            people.remove_member(member, actor=request.actor, now=request.now)
        except Invalid as invalid:
            form = PortalForm({})
            form.add_error(None, invalid.message)
        else:
            toast(request, f"{member.user} is no longer on the team.")
            return go_to(request, _after(request, member, stays=False))
    text = (
        "They are out of this portal at once and get no reminders for admins any more. What they did"
        " stays in the histories. Nobody is told by mail."
    )
    title = f"Remove {member.user} from the team?"
    return _ask(request, form, title=title, submit="Remove", text=text, tone="danger")


@clinic_page(Right.SETTINGS)
@require_POST
def send_again(request: ClinicRequest, uid: str) -> HttpResponse:
    invitation = get_or_404(Invitation.objects.of(request.organisation), uid=uid)
    if mailing.send_again(invitation, actor=request.actor, now=request.now):
        toast(request, "Sent again. The link of the earlier mail no longer works.")
    else:
        toast(request, _MEANWHILE, tone="warn")
    return go_to(request, reverse("clinic:team"))


@clinic_page(Right.SETTINGS)
@require_POST
def withdraw(request: ClinicRequest, uid: str) -> HttpResponse:
    invitation = get_or_404(Invitation.objects.of(request.organisation), uid=uid)
    if invitations.withdraw(invitation, actor=request.actor, now=request.now):
        toast(request, "Invitation withdrawn. Its link no longer works.")
    else:
        toast(request, _MEANWHILE, tone="warn")
    return go_to(request, reverse("clinic:team"))


def _member(request: ClinicRequest, uid: str) -> Membership:
    members = Membership.objects.of(request.organisation).select_related("user", "organisation")
    return get_or_404(members, user__uid=uid)


def _after(request: ClinicRequest, member: Membership, *, stays: bool) -> str:
    """Back to the list; who gave up their own right to see it starts anew."""
    is_self = member.user_id == request.membership.user_id
    return reverse("account_no_portal") if is_self and not stays else reverse("clinic:team")


def _ask(request: ClinicRequest, form: PortalForm, **words: str) -> HttpResponse:
    context = {"form": form, "cancel_url": reverse("clinic:team"), **words}
    status = 422 if form.errors else 200
    return page(request, "portals/clinic/team/ask.html", context, part="dialog", status=status)
