"""Every way the APIs say no, and the one place that translates the domain's refusals."""

import traceback
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import ValidationError

from appointments.errors import Invalid as InvalidAppointment
from appointments.errors import Refused
from availability.errors import AlreadyExists as OverrideExists
from availability.errors import Invalid as InvalidAvailability
from availability.errors import Stale, WindowOverlap
from booking_secrets.tokens import TokenRefused
from common.outage import RETRY_AFTER_SECONDS, is_outage
from notifications.errors import AlreadyExists as SubscriptionExists
from notifications.errors import Invalid as InvalidSubscription
from organisations.api_keys import ApiKeyRefused
from organisations.errors import Invalid as InvalidInput
from reminders.errors import AlreadyExists as ReminderExists
from reminders.errors import Invalid as InvalidReminder

from .rendering import json_answer

logger = structlog.get_logger(__name__)

Row = TypeVar("Row")
# Each app has its own; all name a field and say what is wrong with it.
INVALID = (
    InvalidAppointment,
    InvalidAvailability,
    InvalidInput,
    InvalidReminder,
    InvalidSubscription,
)
PARAMETER_IS_REQUIRED = "This parameter is required."
NOT_FOUND = {"error": "Resource not found", "code": "not_found"}
# What an answer that was not ours is replaced with, by status (`api.answers`).
BODY_BY_STATUS: dict[int, dict[str, object]] = {
    400: {"error": "Bad request", "code": "bad_request"},
    404: {**NOT_FOUND},
    405: {"error": "Method not allowed", "code": "method_not_allowed"},
    413: {"error": "The request body is larger than 1 MiB", "code": "too_large"},
    500: {"error": "Internal server error", "code": "internal_error"},
    503: {"error": "Not available just now; try again", "code": "unavailable"},
}


class Problem(Exception):  # an answer, not a bug
    """An answer that is not a 2xx: raised anywhere below an endpoint, rendered once."""

    def __init__(
        self, status: int, body: Mapping[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        self.status = status
        self.body = body
        self.headers = headers or {}
        super().__init__(status, body.get("code"))


def bad_input(errors: Mapping[str, Sequence[str]], *, error: str = "Validation error") -> Problem:
    """`errors` maps a field's JSON path to what is wrong with it."""
    return Problem(400, {"error": error, "code": "validation_error", "errors": errors})


def missing_parameters(names: Iterable[str]) -> Problem:
    """The documented text names `from` and `to` as the pair they are, whichever of them is missing."""
    missing = list(dict.fromkeys(names))
    named = [name for name in missing if name not in ("from", "to")]
    if len(named) < len(missing):
        named += ["from", "to"]
    *first, last = named
    text = f"{', '.join(first)} and {last}" if first else last
    errors = {name: [PARAMETER_IS_REQUIRED] for name in missing}
    return bad_input(errors, error=f"Missing required parameters: {text}")


def not_found() -> Problem:
    return Problem(404, NOT_FOUND)


def found(row: Row | None) -> Row:
    """`row`, or the 404 that absent and foreign things share."""
    if row is None:
        raise not_found()
    return row


def conflict(code: str, message: str, **details: object) -> Problem:
    return Problem(409, {"error": message, "code": code, **details})


def unauthenticated(code: str, description: str) -> Problem:
    return Problem(401, {"code": code, "description": description})


def permission_denied(permission: str) -> Problem:
    description = f"This API key lacks the permission {permission}."
    return Problem(403, {"code": "permission_denied", "description": description})


def too_large() -> Problem:
    return Problem(413, BODY_BY_STATUS[413])


def problem_of(error: Exception) -> Problem | None:
    """The answer a refusal stands for; None when it is not one but a bug of ours."""
    match error:
        case Problem():
            return error
        case TokenRefused():
            return unauthenticated(error.code, error.description)
        case ApiKeyRefused():
            return unauthenticated("invalid_api_key", "The API key is unknown or revoked.")
        case ValidationError():
            return _validation_problem(error.errors)
        case Http404() | Stale():  # what somebody else has removed meanwhile is absent
            return not_found()
    if isinstance(error, INVALID):
        return bad_input({error.field: [error.message]})
    if is_outage(error):
        return Problem(503, BODY_BY_STATUS[503], {"Retry-After": str(RETRY_AFTER_SECONDS)})
    return _conflict_of(error)


def _conflict_of(error: Exception) -> Problem | None:
    match error:
        case Refused():
            return conflict(error.code, error.message, **error.details)
        case WindowOverlap():
            return conflict("window_overlap", error.message, overlaps_with=error.overlaps_with)
        case ReminderExists() | OverrideExists():
            return conflict("already_exists", error.message)
        case SubscriptionExists():
            return conflict("already_exists", "This type is sent to this target already.")
    return None


def handle(request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    if isinstance(error, type):  # ninja's signature; it hands over instances only
        error = error()
    problem = problem_of(error)
    if problem is None:
        log_unexpected(request, error)
        problem = Problem(500, BODY_BY_STATUS[500])
    return json_answer(problem.body, status=problem.status, headers=problem.headers)


def log_unexpected(request: HttpRequest, error: Exception) -> None:
    """Where it happened, but not the message: PostgreSQL's messages quote the row."""
    logger.error(
        "api.unexpected_exception",
        exception=type(error).__qualname__,
        method=request.method,
        stack="".join(traceback.format_tb(error.__traceback__)),
    )


def install(api: NinjaAPI) -> None:
    for family in (Exception, Http404, ValidationError):
        api.add_exception_handler(family, handle)  # replaces ninja's own, family by family


def _validation_problem(found_errors: Sequence[Mapping[str, Any]]) -> Problem:
    if any(error["loc"][0] == "path" for error in found_errors):
        return not_found()  # a uid that cannot exist does not
    missing = [str(error["loc"][-1]) for error in found_errors if _is_missing_parameter(error)]
    if missing and len(missing) == len(found_errors):
        return missing_parameters(missing)
    errors: dict[str, list[str]] = {}
    for error in found_errors:
        message = PARAMETER_IS_REQUIRED if _is_missing_parameter(error) else error["msg"]
        errors.setdefault(_json_path(error["loc"]), []).append(message)
    return bad_input(errors)


def _is_missing_parameter(error: Mapping[str, Any]) -> bool:
    return bool(error["loc"][0] == "query" and error["type"] == "missing")


def _json_path(location: Sequence[str | int]) -> str:
    """`("body", <argument's name>, "fields", 0)` → `fields.0`; the whole body is `body`."""
    source, *rest = location
    path = rest[1:] if source == "body" else rest
    return ".".join(str(part) for part in path) or str(source)
