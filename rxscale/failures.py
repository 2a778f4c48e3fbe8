"""What Django answers when something was raised that nobody caught: 503 while the database is away, else 500."""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.defaults import server_error

from common.outage import RETRY_AFTER_SECONDS, is_outage


def failed(request: HttpRequest) -> HttpResponse:
    """The `handler500`. Both pages are plain templates: nothing of theirs asks the database again."""
    if not is_outage(sys.exc_info()[1]):
        return server_error(request)
    response = HttpResponse(render_to_string("503.html"), status=503)
    response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


class OutageInALine(logging.Filter):
    """Of `django.request`: every request of an outage fails in the same place, so a line each is enough."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and is_outage(record.exc_info[1]):
            record.exc_info = None
        return True
