"""The forms around codes: each says whose secret is meant, lets a code count once, and audits failures."""

from typing import Any

import structlog
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as allauth_forms
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth as totp
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest

from common.crypto import DecryptionFailed
from organisations.models import User
from portals.forms import PortalForm

from . import second_factor, trail
from .forms import reword

_STEP_SECONDS = 30
_log = structlog.get_logger(__name__)


class _CodeForm(PortalForm):
    """What checking a code at sign-in and checking it again have in common."""

    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        hint = "Six digits from your authenticator app, or one of your recovery codes."
        reword(self, code=("Code", hint))
        self.fields["code"].widget.attrs.update(
            autofocus=True, autocapitalize="none", spellcheck="false"
        )

    def clean_code(self) -> str:
        try:
            with second_factor.secrets_of(self.user):
                code: str = super().clean_code()  # type: ignore[misc]  # of allauth's form beside this
        except DecryptionFailed:
            # A key that is missing from the ring, or a row that was tampered with.
            _log.error("second_factor_unreadable", user=self.user.uid)
            raise get_adapter().validation_error("incorrect_code") from None
        if self.authenticator.type == Authenticator.Type.TOTP and not _is_first_use(
            self.user, code
        ):
            raise get_adapter().validation_error("incorrect_code")
        return code

    def _emit_authentication_failed(self, authenticator: Authenticator) -> None:
        trail.record_now(context.request, self.user, "account.sign_in_failed", why="code")


def _is_first_use(user: User, code: str) -> bool:
    """A code is good for as long as the tolerance reaches, but once. allauth forgets after one step."""
    lives = _STEP_SECONDS * (2 * settings.MFA_TOTP_TOLERANCE + 1)
    return cache.add(f"code-used:{user.pk}:{totp.normalize_user_code(code)}", "y", timeout=lives)


class SignInCodeForm(_CodeForm, allauth_forms.AuthenticateForm):  # type: ignore[misc]  # not typed
    pass


class ConfirmCodeForm(_CodeForm, allauth_forms.ReauthenticateForm):  # type: ignore[misc]  # not typed
    pass


class ActivateForm(PortalForm, ActivateTOTPForm):  # type: ignore[misc]  # allauth is not typed for mypy
    """The secret waits in the session, encrypted as it will be in its row, until the first code is right."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        super(ActivateTOTPForm, self).__init__(*args, **kwargs)
        self.secret = _waiting_secret(context.request, self.user, is_new=not self.is_bound)
        reword(self, code=("Code", "The six digits your app shows now."))
        self.fields["code"].widget.attrs.update(inputmode="numeric", autofocus=True)


def _waiting_secret(request: HttpRequest, user: User, *, is_new: bool) -> str:
    stored = None if is_new else request.session.get(totp.SECRET_SESSION_KEY)
    if stored:
        return second_factor.decrypt_text(stored, user.uid)
    secret: str = totp.generate_totp_secret()
    request.session[totp.SECRET_SESSION_KEY] = second_factor.encrypt_text(secret, user.uid)
    return secret
