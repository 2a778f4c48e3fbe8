"""An organisation, its shops, and the people who run it: made when missing, left alone when there.

Every verb here may be repeated: what is there already is returned unchanged, with False beside it.
"""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from . import audit, inputs
from .actors import Actor
from .errors import Invalid
from .models import Membership, Organisation, Role, Shop, User

_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def create_organisation(
    *, name: str, timezone: str, actor: Actor, now: datetime
) -> tuple[Organisation, bool]:
    """The organisation of that name, and whether it was made. Names are compared to the letter.

    Raises Invalid for a blank name, an unknown zone, or when two organisations have the name.
    """
    name, timezone = inputs.required_name("name", name), inputs.zone_name("timezone", timezone)
    found = list(Organisation.objects.filter(name=name)[:2])
    if len(found) > 1:
        raise Invalid("name", "Two organisations have this name.")
    if found:
        return found[0], False
    with transaction.atomic():
        organisation = Organisation.objects.create(name=name, timezone=timezone)
        _audit(organisation, "organisation.created", organisation.uid, actor, now)
    return organisation, True


def add_shop(
    organisation: Organisation,
    *,
    identifier: str,
    name: str,
    country: str,
    actor: Actor,
    now: datetime,
) -> tuple[Shop, bool]:
    """The organisation's shop of that identifier, and whether it was made.

    `country` is ISO 3166 alpha-2, in either case. Raises Invalid.
    """
    identifier = inputs.required_name("identifier", identifier)
    name, country = inputs.required_name("name", name), country.strip().upper()
    if len(country) != 2 or not set(country) <= _LETTERS:
        raise Invalid("country", "Enter two letters (ISO 3166), such as DE.")
    with transaction.atomic():
        shop, is_new = Shop.objects.get_or_create(
            organisation=organisation,
            identifier=identifier,
            defaults={"name": name, "country": country},
        )
        if is_new:
            _audit(organisation, "shop.created", shop.uid, actor, now)
    return shop, is_new


def add_user(*, email: str, name: str = "", password: str | None = None) -> tuple[User, bool]:
    """The user of that address, and whether it was made; an existing one's password is left alone.

    Without a password the new user signs in after resetting it by e-mail. Raises Invalid.
    """
    email = inputs.email_address("email", email)
    if found := _user_of(email):
        return found, False
    name = inputs.required_name("name", name) if name else ""
    if password is not None:
        check_password(password, User(email=email, name=name))
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name), True
    except IntegrityError:
        if found := _user_of(email):  # made in this very instant, by another invitation
            return found, False
        raise


def _user_of(email: str) -> User | None:
    return User.objects.filter(email=email).first()


def add_member(
    organisation: Organisation, user: User, *, role: Role, actor: Actor, now: datetime
) -> tuple[Membership, bool]:
    """The user's membership, and whether it was made; an existing one keeps its role."""
    with transaction.atomic():
        membership, is_new = Membership.objects.get_or_create(
            organisation=organisation, user=user, defaults={"role": role}
        )
        if is_new:
            _audit(organisation, "member.added", user.uid, actor, now, role=role)
    return membership, is_new


def organisations_of(user: User) -> QuerySet[Organisation]:
    """Where the user works, in the admin portal or as a doctor; the oldest first."""
    works_in = Q(memberships__user=user) | Q(doctors__user=user)
    return Organisation.objects.filter(works_in).distinct().order_by("pk")


def check_password(password: str, user: User) -> None:
    """Raises Invalid for a password that is too easily guessed, for this user above all."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid("password", " ".join(error.messages)) from None


def _audit(
    organisation: Organisation,
    action: str,
    object_uid: str,
    actor: Actor,
    now: datetime,
    **details: str,
) -> None:
    audit.record(organisation, action, actor=actor, now=now, object_uid=object_uid, details=details)
