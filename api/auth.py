"""Who calls: the booking token, else the API key; and the limit that counts the call.

Each class is one entry of a router's `auth`; ninja asks them in order until one answers. A header
that is there decides: it answers or raises, so a credential that fails never falls back.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from ninja.security import APIKeyHeader

from booking_secrets import tokens
from booking_secrets.tokens import BookingToken, TokenRefused
from common.client_address import client_address
from common.clock import utc_now
from common.counters import API_KEYS_REFUSED
from organisations import api_keys
from organisations.api_keys import ApiKeyRefused
from organisations.models import ApiKey, Organisation, Permission, Shop

from . import ratelimit
from .errors import permission_denied, unauthenticated

TOKEN_HEADER = "X-RxScale-Booking-Token"  # noqa: S105  # a header's name
KEY_HEADER = "X-API-Key"


@dataclass(frozen=True, slots=True)
class TokenCaller:
    """A partner's backend, or a browser, on behalf of one patient."""

    token: BookingToken

    @property
    def credential(self) -> str:
        """The patient the token speaks for; hashed, as a customer number may be an e-mail address."""
        name = f"{self.token.shop.uid}\0{self.token.shop_customer_id}"
        return f"patient:{hashlib.sha256(name.encode()).hexdigest()}"

    @property
    def organisation(self) -> Organisation:
        return self.token.organisation

    @property
    def shop(self) -> Shop | None:
        return self.token.shop


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """A program with an API key of its organisation, or of one shop of it."""

    key: ApiKey

    @property
    def credential(self) -> str:
        return f"key:{self.key.uid}"

    @property
    def organisation(self) -> Organisation:
        return self.key.organisation

    @property
    def shop(self) -> Shop | None:
        """The shop the key is bound to; rows of others are absent then."""
        return self.key.shop


Caller = TokenCaller | KeyCaller
Identified = TypeVar("Identified", TokenCaller, KeyCaller)


class ApiRequest(HttpRequest):
    """A request ninja has let in; `auth` is what the router's first answering entry returned."""

    auth: Caller


class KeyRequest(HttpRequest):
    """A request to a router that lets in API keys alone."""

    auth: KeyCaller


class BookingTokenHeader(APIKeyHeader):
    """A patient's booking token."""

    param_name = TOKEN_HEADER
    openapi_description = "A JWT that the partner's backend signed for one patient."
    needs = "booking token"
    way = "a booking token"

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        return None if key is None else _counted(request, lambda: _token_caller(key))


class ApiKeyHeader(APIKeyHeader):
    """An API key that has `permission`; None: any that lives, and the call is not counted (health)."""

    param_name = KEY_HEADER
    openapi_description = "Made by an admin of the clinic. It has the permissions it was given."

    def __init__(self, permission: Permission | None) -> None:
        super().__init__()
        self.permission = permission
        self.needs = str(permission) if permission else "any API key"
        self.way = f"an API key with `{permission}`" if permission else "an API key"

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        if key is None:
            return None
        if self.permission is None:
            return _key_caller(key)
        caller = _counted(request, lambda: _key_caller(key))
        if self.permission not in caller.key.permissions:
            raise permission_denied(self.needs)
        return caller


class Anonymous:
    """The last entry of a router that wants a credential: there was none."""

    def __init__(self, *headers: str, is_counted: bool = True) -> None:
        self.description = f"Send the header {' or '.join(headers)}."
        self.is_counted = is_counted

    def __call__(self, request: HttpRequest) -> None:
        if self.is_counted:
            ratelimit.count(f"address:{address_of(request)}")
        raise unauthenticated("authorization_header_missing", self.description)


class Anyone:
    """The only entry of a public router. A credential that is sent along only chooses whose limit counts."""

    def __call__(self, request: HttpRequest) -> bool:
        token, key = request.headers.get(TOKEN_HEADER), request.headers.get(KEY_HEADER)
        try:
            if token is not None:
                _counted(request, lambda: _token_caller(token))
            elif key is not None:
                _counted(request, lambda: _key_caller(key))
            else:
                ratelimit.count(f"address:{address_of(request)}")
        except (TokenRefused, ApiKeyRefused):
            pass  # counted for the address, and not needed here
        return True


def address_of(request: HttpRequest) -> str:
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.headers.get("X-Forwarded-For", ""),
        trusted=settings.TRUSTED_PROXIES,
    )


def _token_caller(text: str) -> TokenCaller:
    return TokenCaller(tokens.verify(text, now=utc_now()))


def _key_caller(text: str) -> KeyCaller:
    try:
        return KeyCaller(api_keys.authenticate(text, now=utc_now()))
    except ApiKeyRefused:
        API_KEYS_REFUSED.inc()
        raise


def _counted(request: HttpRequest, identify: Callable[[], Identified]) -> Identified:
    """Count the call for whom `identify` names, or for the address when the credential fails."""
    try:
        caller = identify()
    except (TokenRefused, ApiKeyRefused):
        ratelimit.count(f"address:{address_of(request)}")
        raise
    ratelimit.count(caller.credential)
    return caller
