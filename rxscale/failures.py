"""What a person reads where no page can be shown, in the language of the page they came from or their browser's."""

import logging
import sys
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views import csrf, defaults

from common.outage import RETRY_AFTER_SECONDS, is_outage


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The `handler400`."""
    return _in_their_language(request, lambda: defaults.bad_request(request, exception))


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The `handler403`."""
    return _in_their_language(request, lambda: defaults.permission_denied(request, exception))


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The `CSRF_FAILURE_VIEW`."""
    return _in_their_language(request, lambda: csrf.csrf_failure(request, reason))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The `handler404`."""
    return _in_their_language(request, lambda: defaults.page_not_found(request, exception))


def failed(request: HttpRequest) -> HttpResponse:
    """The `handler500`: 503 while the database is away. Nothing of either page asks the database again."""
    if is_outage(sys.exc_info()[1]):
        return _in_their_language(request, _away)
    return _in_their_language(request, lambda: defaults.server_error(request))


def _away() -> HttpResponse:
    response = HttpResponse(render_to_string("503.html"), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def _in_their_language(request: HttpRequest, answer: Callable[[], HttpResponse]) -> HttpResponse:
    spoken = getattr(request, "LANGUAGE_CODE", "")  # set by a page that knows its patient
    with translation.override(spoken or translation.get_language_from_request(request)):
        return answer()


class OutageInALine(logging.Filter):
    """Of `django.request`: every request of an outage fails in the same place, so a line each is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and is_outage(record.exc_info[1]):
            record.exc_info = None
        return True
