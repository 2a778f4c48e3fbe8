"""What every page shares at the door: what the browser is told to load and keep, and who acts from where."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers

from common.client_address import client_address
from organisations.actors import Actor, ActorKind
from organisations.models import User

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]

# Everything comes from us; nothing inline.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def self_contained(view: View[Params]) -> View[Params]:
    """The page loads nothing from elsewhere, and the browser sees to it."""

    @wraps(view)
    def with_policy(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        return response

    return with_policy


def confidential(view: View[Params]) -> View[Params]:
    """For pages whose address is the key to them: not kept, not indexed, not passed on as referrer."""

    @self_contained
    @wraps(view)
    def kept_close(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return kept_close


def with_page_headers(response: HttpResponseBase) -> HttpResponseBase:
    """Those of every page behind a sign-in: not kept, not indexed, and htmx gets another answer."""
    # A page with a frame says so itself.
    response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    patch_vary_headers(response, ["HX-Request"])
    return response


def address_of(request: HttpRequest) -> str:
    """The client's address, "" when the peer has none (a Unix socket)."""
    return client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=settings.TRUSTED_PROXIES,
    )


def acting(request: HttpRequest, user: User, kind: ActorKind, *, label: str = "") -> Actor:
    """The signed-in person as the verbs and the audit log know them; `label`: not by the account's name."""
    address = address_of(request) or None
    return Actor(kind=kind, uid=user.uid, label=label or str(user), ip_address=address)


def module_of(request: HttpRequest) -> str:
    """The module of the request's view: by it the navigation knows which room is open."""
    return request.resolver_match.func.__module__ if request.resolver_match else ""
