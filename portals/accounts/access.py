"""Who may open a page of `/accounts/`: everybody the entrance, who is signed in the rest."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import url_has_allowed_host_and_scheme

from common.access import needs, public
from organisations.models import User
from portals.access import self_contained
from portals.signing_in import to_sign_in

View = Callable[..., HttpResponseBase]
OWN_PAGES = "/accounts/"
WAY_BACK = "accounts.way_back"  # the session's: where "Back to the portal" leads


def entrance(reason: str) -> Callable[[View], View]:
    """A page before or during signing in, with the reason why it is open to all."""

    def decorate(view: View) -> View:
        return public(reason)(_rendered(view))

    return decorate


def signed_in_page(view: View) -> View:
    """A page of one's own account, whatever one's role. Others sign in first and come back."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return to_sign_in(request)
        _remember_way_back(request)
        return view(request, *args, **kwargs)

    return needs("signed in")(_rendered(guarded))


def _remember_way_back(request: HttpRequest) -> None:
    """`?next=` of the portal's page somebody came from: these pages lead on to each other before they lead back."""
    page = request.GET.get("next", "")
    is_portals = url_has_allowed_host_and_scheme(page, allowed_hosts=None) and not page.startswith(
        OWN_PAGES
    )
    if is_portals and page != request.session.get(WAY_BACK):
        request.session[WAY_BACK] = page


def _rendered(view: View) -> View:
    """Loaded from us alone, kept by nobody.

    The referrer is not withheld altogether, as on patients' pages: these have forms, and a browser that
    names no referrer sends them with the origin `null`, which the CSRF check refuses.
    """

    @self_contained
    @wraps(view)
    def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        assert isinstance(response, HttpResponse)  # noqa: S101  # no view here streams
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer
