"""What people do with their accounts, in the audit log of every organisation they belong to."""

from datetime import datetime

from django.contrib.auth import logout
from django.db import transaction
from django.http import HttpRequest

from common.clock import utc_now
from organisations import audit, members
from organisations.actors import Actor, ActorKind
from organisations.models import Membership, Organisation, User
from portals.access import address_of


def record(request: HttpRequest, user: User, action: str, *, now: datetime, why: str = "") -> None:
    """One entry per organisation; a member of the RxScale team without any leaves none."""
    address = address_of(request) or None
    with transaction.atomic():
        member_of = set(Membership.objects.filter(user=user).values_list("organisation", flat=True))
        for organisation in members.organisations_of(user):
            audit.record(
                organisation,
                action,
                actor=Actor(_kind(organisation, member_of), user.uid, str(user), address),
                now=now,
                object_uid=user.uid,
                details={"why": why} if why else None,
            )


def record_now(request: HttpRequest, user: User, action: str, *, why: str = "") -> None:
    """The same for allauth's hooks, which have no `now` to hand on."""
    record(request, user, action, now=utc_now(), why=why)


def sign_out(request: HttpRequest, user: User, *, why: str, now: datetime) -> None:
    """End the session and say why: `chosen`, or how the session ran out."""
    record(request, user, "account.signed_out", now=now, why=why)
    logout(request)


def _kind(organisation: Organisation, member_of: set[int]) -> ActorKind:
    return ActorKind.ADMIN if organisation.pk in member_of else ActorKind.DOCTOR
