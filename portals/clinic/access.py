"""Who may open a page of the admin portal, and what its view is given.

    @clinic_page(Right.ACT)
    @require_POST
    def cancel(request: ClinicRequest, uid: str) -> HttpResponse:
        visit = get_or_404(Appointment.objects.of(request.organisation), uid=uid)

The decorator marks the route, asks in this order: signed in? member of an active organisation? with that
right? and costs ACCESS_QUERIES. It sets the headers, `Vary: HX-Request` among them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from common.access import needs
from common.clock import utc_now
from organisations.actors import ActorKind
from organisations.models import Doctor, Membership, Role, User
from portals.access import acting, module_of, with_page_headers
from portals.accounts.places import home_of
from portals.addresses import route_or_blank
from portals.rendering import go_to
from portals.requests import PortalRequest
from portals.signing_in import to_sign_in

from .layout import Layout

ACCESS_QUERIES = 3  # session and user, as Django does; memberships with their organisations
SESSION_KEY = "clinic.organisation"

Params = ParamSpec("Params")


class Right(StrEnum):
    """What a page asks for. VIEW and ACT: daily work. SETTINGS and EXPORT: admins only."""

    VIEW = "view"
    ACT = "act"
    SETTINGS = "settings"
    EXPORT = "export"


RIGHTS: dict[str, frozenset[Right]] = {
    Role.ADMIN: frozenset(Right),
    Role.OPERATIONS: frozenset({Right.VIEW, Right.ACT}),
}


class ClinicRequest(PortalRequest):
    """What a view behind `clinic_page` gets."""

    membership: Membership
    layout: Layout


@dataclass(frozen=True, slots=True)
class Seats:
    """Where a user may sit in this portal, by the organisation's name, and whether they treat as well."""

    memberships: Sequence[Membership]
    is_doctor: bool

    def current(self, chosen: object) -> Membership:
        """The one chosen in this session, else the first."""
        matching = (seat for seat in self.memberships if seat.organisation.uid == chosen)
        return next(matching, self.memberships[0])


def clinic_page(
    right: Right,
) -> Callable[
    [Callable[Concatenate[ClinicRequest, Params], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, Params], HttpResponseBase],
]:
    """Enforce `right` in the current organisation, and give the view a ClinicRequest.

    Not signed in: to the sign-in page and back. Only a doctor: to the doctor portal. No right: a 403 page
    that says who may. A deactivated user, organisation or membership is out with the next request.
    """

    def decorate(
        view: Callable[Concatenate[ClinicRequest, Params], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, Params], HttpResponseBase]:
        @needs(f"clinic:{right}")
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
        ) -> HttpResponseBase:
            refusal = _let_in(request, right)
            response = refusal or view(cast(ClinicRequest, request), *args, **kwargs)
            return with_page_headers(response)

        return guarded

    return decorate


def _let_in(request: HttpRequest, right: Right) -> HttpResponse | None:
    """Fill the request in, or the answer to who has no business here."""
    user = request.user
    if not isinstance(user, User):
        return to_sign_in(request)
    seats = _seats_of(user)
    if not seats.memberships:
        if seats.is_doctor:
            return go_to(request, home_of(user))
        return _refuse(request, right, None)
    membership = seats.current(request.session.get(SESSION_KEY))
    if right not in RIGHTS[membership.role]:
        return _refuse(request, right, membership)
    _fill_in(cast(ClinicRequest, request), user, membership, seats)
    return None


def _seats_of(user: User) -> Seats:
    treats = Doctor.objects.filter(
        user=OuterRef("user"), is_active=True, organisation__is_active=True
    )
    rows = list(
        Membership.objects.filter(user=user, organisation__is_active=True)
        .select_related("organisation")
        .annotate(treats=Exists(treats))
        .order_by("organisation__name", "id")
    )
    if rows:
        return Seats(rows, is_doctor=rows[0].treats)
    return Seats([], is_doctor=user.doctor_profiles.filter(is_active=True).exists())


def _fill_in(request: ClinicRequest, user: User, membership: Membership, seats: Seats) -> None:
    request.organisation = membership.organisation
    request.membership = membership
    request.now = utc_now()
    request.zone = user.timezone or membership.organisation.timezone
    request.actor = acting(request, user, ActorKind.ADMIN)
    rights = RIGHTS[membership.role]
    request.layout = Layout(
        user=user,
        organisation=membership.organisation,
        organisations=[seat.organisation for seat in seats.memberships],
        membership=membership,
        is_doctor=seats.is_doctor,
        may_change_settings=Right.SETTINGS in rights,
        may_export=Right.EXPORT in rights,
        view_module=module_of(request),
        zone=request.zone,
        now=request.now,
    )


def _refuse(request: HttpRequest, right: Right, membership: Membership | None) -> HttpResponse:
    context = {
        "membership": membership,
        "home": route_or_blank("clinic:dashboard") or "/",
        "roles": [Role(role).label for role, rights in RIGHTS.items() if right in rights],
    }
    return render(request, "portals/clinic/refused.html", context, status=403)
