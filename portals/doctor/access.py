"""Who may open a page of the doctor portal, and what its view is given.

    @doctor_page
    @require_POST
    def cancel(request: DoctorRequest, uid: str) -> HttpResponse:
        visit = get_or_404(Appointment.objects.of(request.organisation).filter(doctor=request.doctor), uid=uid)

The decorator marks the route, asks in this order: signed in? linked to an active doctor of an active
organisation? and costs ACCESS_QUERIES. It sets the headers, `Vary: HX-Request` among them.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.access import needs
from common.clock import utc_now
from organisations.actors import ActorKind
from organisations.models import Doctor, Membership, User
from portals.access import acting, module_of, with_page_headers
from portals.accounts.places import places_of
from portals.requests import PortalRequest
from portals.signing_in import to_sign_in

from .layout import Layout

ACCESS_QUERIES = 3  # session and user, as Django does; the user's doctors with their organisations
SESSION_KEY = "doctor.organisation"

Params = ParamSpec("Params")


class DoctorRequest(PortalRequest):
    """What a view behind `doctor_page` gets. `zone` is the doctor's: every time is shown in it."""

    doctor: Doctor
    layout: Layout


def doctor_page(
    view: Callable[Concatenate[DoctorRequest, Params], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, Params], HttpResponseBase]:
    """Let a doctor in, and give the view a DoctorRequest.

    Not signed in: to the sign-in page and back. No doctor: a 403 page that leads to one's own portal.
    A deactivated user, doctor or organisation is out with the next request.
    """

    @needs("doctor")
    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponseBase:
        refusal = _let_in(request)
        response = refusal or view(cast(DoctorRequest, request), *args, **kwargs)
        return with_page_headers(response)

    return guarded


def _let_in(request: HttpRequest) -> HttpResponse | None:
    """Fill the request in, or the answer to who has no business here."""
    user = request.user
    if not isinstance(user, User):
        return to_sign_in(request)
    profiles = _profiles_of(user)
    if not profiles:
        context = {"places": places_of(user)}
        return render(request, "portals/doctor/refused.html", context, status=403)
    chosen = request.session.get(SESSION_KEY)
    matching = (profile for profile in profiles if profile.organisation.uid == chosen)
    _fill_in(cast(DoctorRequest, request), user, next(matching, profiles[0]), profiles)
    return None


def _profiles_of(user: User) -> list[Doctor]:
    """One per organisation, by its name. Each says in `is_member` whether the user has the admin portal, too."""
    memberships = Membership.objects.filter(user=OuterRef("user"), organisation__is_active=True)
    return list(
        Doctor.objects.filter(user=user, is_active=True, organisation__is_active=True)
        .select_related("organisation")
        .annotate(is_member=Exists(memberships))
        .order_by("organisation__name", "id")
    )


def _fill_in(request: DoctorRequest, user: User, doctor: Doctor, profiles: list[Doctor]) -> None:
    request.organisation = doctor.organisation
    request.doctor = doctor
    request.now = utc_now()
    request.zone = doctor.timezone
    request.actor = acting(request, user, ActorKind.DOCTOR, label=doctor.display_name)
    request.layout = Layout(
        user=user,
        organisation=doctor.organisation,
        organisations=[profile.organisation for profile in profiles],
        is_member=bool(getattr(doctor, "is_member", False)),
        view_module=module_of(request),
        zone=request.zone,
        now=request.now,
    )
