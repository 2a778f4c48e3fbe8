"""The second factor: whose secrets are encrypted for whom, and who must have one.

django-allauth asks its adapter to encrypt a text without saying whose. The user is who is signed in, or
the one a form names with `secrets_of`; their uid is part of the associated data, so that a secret copied
into another user's row does not decrypt. allauth's rows are found by user, hence the right one is asked.
"""

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Exists, OuterRef, Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from common import crypto
from common.crypto import DecryptionFailed, Place
from organisations.models import Membership, Role, User
from portals.rendering import go_to

TABLE, COLUMN = "mfa_authenticator", "data"
_ENCRYPTED = ("secret", "seed")  # of TOTP, of recovery codes
_PORTALS = ("/admin/", "/doctor/", "/staff/")

_owner: ContextVar[User | None] = ContextVar("owner of the second factor", default=None)


@contextmanager
def secrets_of(user: User) -> Iterator[None]:
    """Inside the block what is encrypted and decrypted is this user's, signed in or not."""
    token = _owner.set(user)
    try:
        yield
    finally:
        _owner.reset(token)


def place_of(user_uid: str) -> Place:
    """Users belong to no organisation; their uid is unique among all."""
    return Place(TABLE, COLUMN, "", user_uid)


def encrypt_text(text: str, user_uid: str) -> str:
    """Base64, because allauth keeps it in a JSON object."""
    return base64.b64encode(crypto.encrypt(text.encode(), place_of(user_uid))).decode()


def decrypt_text(text: str, user_uid: str) -> str:
    """Raises DecryptionFailed."""
    return crypto.decrypt(envelope_of(text), place_of(user_uid)).decode()


def envelope_of(text: str) -> bytes:
    """The bytes of an encrypted text. Raises DecryptionFailed."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise DecryptionFailed("not base64") from None


def texts_of(data: Mapping[str, Any]) -> dict[str, str]:
    """The encrypted texts in an authenticator's `data`, by name."""
    return {name: data[name] for name in _ENCRYPTED if name in data}


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth is not typed for mypy
    def encrypt(self, text: str) -> str:
        return encrypt_text(text, self._user().uid)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_text(encrypted_text, self._user().uid)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        return not is_required_of(authenticator.user)

    def build_totp_svg(self, url: str) -> str:
        """Ready to stand in the page: an image of its own address would need a looser CSP."""
        svg: str = super().build_totp_svg(url)
        return svg[svg.index("<svg") :]

    def _user(self) -> User:
        user = _owner.get() or context.request.user
        if not isinstance(user, User):
            raise DecryptionFailed("nobody's second factor")
        return user


def is_required_of(user: User) -> bool:
    """Admins of a clinic and the RxScale team, where MFA_REQUIRED_FOR_ADMINS says so."""
    if not settings.MFA_REQUIRED_FOR_ADMINS:
        return False
    is_admin = Membership.objects.filter(user=user, role=Role.ADMIN)
    return user.is_staff or is_admin.exists()


def is_due(user: User) -> bool:
    """Whether a second factor is required of the user and not set up. One query, where required at all."""
    if not settings.MFA_REQUIRED_FOR_ADMINS:
        return False
    admins = Membership.objects.filter(user=OuterRef("pk"), role=Role.ADMIN)
    factors = Authenticator.objects.filter(user=OuterRef("pk"), type=Authenticator.Type.TOTP)
    required = User.objects.filter(Q(is_staff=True) | Exists(admins), pk=user.pk)
    return required.filter(~Exists(factors)).exists()


def remove(user: User) -> bool:
    """Take the second factor and its recovery codes away; whether there were any."""
    removed, _ = Authenticator.objects.filter(user=user).delete()
    return bool(removed)


class SecondFactorMiddleware:
    """Keeps who owes a second factor out of the portals until it is set up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(_PORTALS) and settings.MFA_REQUIRED_FOR_ADMINS:
            user = request.user
            if isinstance(user, User) and is_due(user):
                return go_to(request, reverse("mfa_activate_totp"))
        return self._get_response(request)
