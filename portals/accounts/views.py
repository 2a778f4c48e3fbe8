"""The two pages of signing in that are ours: accepting an invitation, and having no portal."""

from allauth.account.utils import perform_login
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from common.clock import utc_now
from organisations import invitations
from organisations.errors import Invalid
from organisations.invitations import InvitationOver
from organisations.models import Invitation, User
from portals.access import address_of
from portals.forms import posted

from . import places
from .access import WAY_BACK, entrance, signed_in_page
from .forms import InvitationForm


@entrance("the link from the mail is the key; a GET changes nothing")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Says who invites into what; accepting makes the account where there is none."""
    try:
        found = invitations.find(token, now=utc_now())
        user = invitations.account_for(found)
        form = InvitationForm(
            posted(request),
            is_new=user is None,
            needs_password=invitations.needs_password(user),
        )
        if request.method == "POST" and form.is_valid():
            return _accept(request, found, form)
    except InvitationOver as over:
        return render(request, "account/invitation_over.html", {"why": over.message}, status=410)
    except Invalid as invalid:
        form.add_error(invalid.field, invalid.message)
    context = {"invitation": found, "form": form, "is_new": user is None}
    return render(request, "account/invitation.html", context, status=422 if form.errors else 200)


def _accept(request: HttpRequest, found: Invitation, form: InvitationForm) -> HttpResponse:
    membership = invitations.accept(
        found, **form.cleaned_data, ip_address=address_of(request) or None, now=utc_now()
    )
    if "password" in form.cleaned_data:  # just typed: no need to ask for it again
        response: HttpResponse = perform_login(request, membership.user)
        return response
    messages.success(request, f"You have joined {found.organisation}. Sign in to begin.")
    return redirect("account_login")


@signed_in_page
@require_safe
def no_portal(request: HttpRequest) -> HttpResponse:
    """For who signed in and has nowhere to go. Whoever has goes there, or back to where they came from."""
    user = request.user
    # Taken out: who is refused there would come back here for ever.
    if page := request.session.pop(WAY_BACK, ""):
        return redirect(page)
    if isinstance(user, User) and (home := places.home_of(user)) != request.path:
        return redirect(home)
    return render(request, "account/no_portal.html")
