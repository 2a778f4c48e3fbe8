"""One id for a request and all it sets off: in the answer, in every log line, in the tasks it wakes.

A caller's own `X-Request-ID` is taken when it looks like an id, so that a proxy's log and ours can be read
together; otherwise one is made. Celery carries it in a header of its own; a task that nobody asked for
(beat's) goes by its task id.
"""

import re
import secrets
from collections.abc import Callable
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

HEADER = "X-Request-ID"
META_KEY = "rxscale.request_id"  # for the access log, which is written when the middleware is done
_NAME = "request_id"
# Ids of proxies and tracers; nothing that a name, an address or a number of a patient would pass as.
_LOOKS_LIKE_AN_ID = re.compile(r"(?=.*[0-9])(?=.*[A-Fa-f-])[0-9A-Fa-f-]{16,64}")


class RequestIdMiddleware:
    """The outermost: whatever logs below it, logs under the request's id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = request.META[META_KEY] = _accepted(request.headers.get(HEADER, "")) or _new()
        clear_contextvars()  # a thread serves many requests
        bind_contextvars(**{_NAME: request_id})
        try:
            response = self.get_response(request)
        finally:
            clear_contextvars()
        response.headers[HEADER] = request_id
        return response


def _accepted(given: str) -> str:
    return given if _LOOKS_LIKE_AN_ID.fullmatch(given) else ""


def _new() -> str:
    return secrets.token_hex(16)


def follow_into_tasks() -> None:
    """Send the id along with every task, and bind it where the task runs."""
    before_task_publish.connect(_send_along)
    task_prerun.connect(_bind)
    task_postrun.connect(_unbind)


def _send_along(headers: dict[str, Any], **_: Any) -> None:
    if request_id := get_contextvars().get(_NAME):
        headers[_NAME] = request_id


def _bind(task_id: str, task: Any, **_: Any) -> None:
    # A worker spreads a message's headers over the request, a task that is called here keeps them together.
    headers = getattr(task.request, "headers", None) or {}
    request_id = getattr(task.request, _NAME, None) or headers.get(_NAME) or task_id
    clear_contextvars()
    bind_contextvars(**{_NAME: request_id, "task": task.name})


def _unbind(**_: Any) -> None:
    clear_contextvars()
