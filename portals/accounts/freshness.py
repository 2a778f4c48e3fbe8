"""Asking for the password again before a sensitive act (behaviour 36).

    @clinic_page(Right.SETTINGS)
    @fresh_login
    @require_POST
    def reveal(request: ClinicRequest, key_id: str) -> HttpResponse: ...

Fresh is who proved who they are within ACCOUNT_REAUTHENTICATION_TIMEOUT seconds: signed in, typed the
password or a code again. A posted form is not kept and not sent again by itself: the person comes back to
the page it was on and presses once more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from allauth.account.internal.flows.login import get_authentication_records
from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase
from django.urls import reverse

from common.clock import utc_now
from organisations.models import User
from portals.rendering import go_to
from portals.signing_in import way_back

Request = TypeVar("Request", bound=HttpRequest)
Params = ParamSpec("Params")
View = Callable[Concatenate[Request, Params], HttpResponseBase]


def is_fresh(request: HttpRequest, now: datetime) -> bool:
    """Whether the person proved who they are a short while ago."""
    user = request.user
    if not isinstance(user, User):
        return False
    records = get_authentication_records(request, user)
    proved_at = max((record["at"] for record in records), default=0.0)
    age = timedelta(seconds=now.timestamp() - proved_at)
    return age < timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


def fresh_login(view: View[Request, Params]) -> View[Request, Params]:
    """Lead through the password page first when the login is not fresh. Inside the access decorator."""

    @wraps(view)
    def asked_again(
        request: Request, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponseBase:
        if is_fresh(request, utc_now()):
            return view(request, *args, **kwargs)
        query = QueryDict(mutable=True)
        query["next"] = way_back(request)
        return go_to(request, f"{reverse('account_reauthenticate')}?{query.urlencode(safe='/')}")

    return asked_again
