"""Who is on the team, and who is invited."""

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, QuerySet, Value
from django.db.models.functions import Coalesce, Lower, NullIf

from organisations.models import Invitation, Membership, Organisation


def members_of(organisation: Organisation) -> QuerySet[Membership]:
    """By name, each with `has_second_factor`."""
    factors = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    name = Lower(Coalesce(NullIf("user__name", Value("")), "user__email"))
    rows = Membership.objects.of(organisation).select_related("user")
    return rows.annotate(has_second_factor=Exists(factors)).order_by(name, "pk")


def invitations_of(organisation: Organisation) -> QuerySet[Invitation]:
    """The open ones, the newest first; some may be too old to accept by now."""
    return Invitation.objects.of(organisation).open().order_by("-sent_at", "-pk")
