"""Our rules in django-allauth's hooks: nobody signs up, mails take the outbox, everything is audited."""

from collections.abc import Mapping
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from common.clock import utc_now
from organisations.models import User
from portals.access import address_of

from . import mails, places, trail
from .freshness import is_fresh


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed for mypy
    """A user has one address, the one in the user's row: allauth's own table of addresses stays empty."""

    error_messages: ClassVar[Mapping[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is not right.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_ajax(self, request: HttpRequest) -> bool:
        return False  # allauth's JSON answers are a door nobody uses

    def get_client_ip(self, request: HttpRequest) -> str:
        return address_of(request)

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        user = request.user
        return places.home_of(user) if isinstance(user, User) else "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return self.get_login_redirect_url(request)

    def post_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        trail.record_now(request, user, "account.signed_in")
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """A wrong password for somebody's address. An address nobody has belongs to no organisation."""
        user = User.objects.filter(email=str(credentials.get("email", "")).lower()).first()
        if user is not None:
            trail.record_now(request, user, "account.sign_in_failed", why="password")

    def logout(self, request: HttpRequest) -> None:
        user = request.user
        if isinstance(user, User):
            trail.sign_out(request, user, why="chosen", now=utc_now())

    def reauthenticate(self, user: User, password: str) -> bool:
        found = self.authenticate(self.request, email=user.email, password=password)
        return isinstance(found, User) and found.pk == user.pk

    def is_reauthentication_required(self, *, app: str) -> bool:
        """A login of a moment ago counts, not only a password typed again."""
        return not is_fresh(self.request, utc_now())

    def set_password(self, user: User, password: str) -> None:
        """Also ends the user's other sessions, and forgets the failed tries at the old password."""
        user.set_password(password)
        user.save(update_fields=["password"])
        self._delete_login_attempts_cached_email(self.request, email=user.email)
        trail.record_now(self.request, user, "account.password_changed")

    def send_password_reset_mail(
        self, user: User, email: str, context: Mapping[str, object]
    ) -> None:
        mails.send_password_reset(user, now=utc_now())

    def send_notification_mail(
        self, template_prefix: str, user: AbstractBaseUser, *_: Any, **__: Any
    ) -> None:
        if isinstance(user, User):
            mails.send_notice(user, template_prefix.rpartition("/")[2], now=utc_now())
