"""JSON answers: orjson to bytes, nothing else on the way."""

from collections.abc import Mapping

import orjson
from django.http import HttpResponse

CONTENT_TYPE = "application/json"


def json_answer(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """`body` may hold dataclasses; slots are rendered that way, without a dict each."""
    return HttpResponse(
        orjson.dumps(body), status=status, content_type=CONTENT_TYPE, headers=dict(headers or {})
    )


def nothing() -> HttpResponse:
    """204: it is done, and there is nothing to show."""
    response = HttpResponse(status=204)
    del response.headers["Content-Type"]
    return response
