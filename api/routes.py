"""The URL patterns of an API, each view carrying the mark of who may use it.

The marks are read off what ninja enforces, the `auth` of each operation, so they cannot disagree.
"""

import inspect
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.operation import Operation, PathView

from common.access import needs, public

from .auth import Anyone
from .errors import NOT_FOUND
from .rendering import json_answer

Routes = tuple[list[URLPattern | URLResolver], str, str]


@public("answers 404, whatever it is asked")
def unknown_path(request: HttpRequest) -> HttpResponse:
    return json_answer(NOT_FOUND, status=404)


def marked(api: NinjaAPI) -> Routes:
    """`api.urls`, with an access mark on every view."""
    routes: Routes = api.urls
    for pattern in routes[0]:
        view: Any = pattern.callback
        operations = _operations(view)
        if operations:
            _mark(view, operations)
        else:
            public("describes the API; no data")(view)
    return routes


def _mark(view: Any, operations: list[Operation]) -> None:
    if all(isinstance(entry, Anyone) for each in operations for entry in each.auth_callbacks):
        public("discovery: what a shop's own pages show anybody")(view)
        return
    rights = [
        str(entry.needs)
        for operation in operations
        for entry in operation.auth_callbacks
        if hasattr(entry, "needs")
    ]
    needs(" or ".join(dict.fromkeys(rights)))(view)


def _operations(view: Any) -> list[Operation]:
    """What ninja dispatches to behind a view; nothing behind its document and page."""
    if not inspect.isfunction(view):
        return []
    path_view = inspect.getclosurevars(view).nonlocals.get("self")
    return path_view.operations if isinstance(path_view, PathView) else []
