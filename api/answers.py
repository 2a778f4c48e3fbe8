"""What every answer below /v1/ has in common, whoever gave it: JSON errors, and headers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from .errors import BODY_BY_STATUS
from .rendering import CONTENT_TYPE, json_answer
from .slashes import PREFIX


class AnswerMiddleware:
    """Puts the contract's JSON in place of the framework's error pages (405, 404, a failed Host check, 500, 503)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not request.path.startswith(PREFIX):
            return response
        if response.status_code >= 400 and not _is_json(response):
            response = _translated(response)
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response


def _is_json(response: HttpResponse) -> bool:
    return response.headers.get("Content-Type", "").startswith(CONTENT_TYPE)


def _translated(response: HttpResponse) -> HttpResponse:
    fallback = 500 if response.status_code >= 500 else 400
    body = BODY_BY_STATUS.get(response.status_code, BODY_BY_STATUS[fallback])
    translated = json_answer(body, status=response.status_code)
    for name in ("Allow", "Retry-After"):
        if name in response.headers:
            translated.headers[name] = response.headers[name]
    return translated
