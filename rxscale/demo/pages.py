"""What the demo's pages share: open to everybody, since everybody in them is made up; loaded from us alone."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from common.access import public
from portals.access import with_page_headers

View = Callable[..., HttpResponse]


def demo_page(reason: str) -> Callable[[View], Callable[..., HttpResponseBase]]:
    """A page of the demo, with the reason why anybody may open it. It exists with DEMO_DOORS only."""

    def decorate(view: View) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return with_page_headers(view(request, *args, **kwargs))

        return public(reason)(answer)

    return decorate
