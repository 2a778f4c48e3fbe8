"""What both APIs tell about themselves: the error schemas, the document, and its interactive page."""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.openapi.docs import Swagger
from ninja.operation import Operation
from pydantic import BaseModel, Field

from .document import Document
from .errors import install
from .idempotency import HEADER
from .strict import StrictParser

DOCUMENT_PATH = "/openapi.json"
PAGE_PATH = "/apidocs"
# Swagger UI ships its icons as data: URLs; everything else is a file of ours.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class ValidationProblem(Schema):
    error: str
    code: Literal["validation_error", "bad_request"]
    errors: dict[str, list[str]] = Field({}, description="By the field's JSON path.")


class CredentialProblem(Schema):
    code: Literal[
        "authorization_header_missing",
        "invalid_header",
        "token_expired",
        "invalid_claims",
        "invalid_api_key",
    ]
    description: str


class PermissionProblem(Schema):
    code: Literal["permission_denied"]
    description: str


class NotFoundProblem(Schema):
    error: Literal["Resource not found"]
    code: Literal["not_found"]


class ConflictProblem(Schema):
    """The keys beside `error` and `code` are there with the codes they belong to only."""

    error: str
    code: Literal[
        "slot_taken",
        "slot_unavailable",
        "hold_expired",
        "wrong_status",
        "not_started",
        "cancellation_notice_passed",
        "rebooking_notice_passed",
        "rebooking_mode_violated",
        "patient_already_booked",
        "too_many_holds",
        "window_overlap",
        "already_exists",
        "idempotency_in_progress",
        "visits_open",
        "message_leaving",
    ]
    reason: (
        Literal[
            "not_offered",
            "stopped",
            "notice",
            "horizon",
            "time_off",
            "outside_hours",
            "off_grid",
            "unchanged",
        ]
        | None
    ) = Field(None, description="With `slot_unavailable`: the first that holds.")
    status: str | None = Field(None, description="With `wrong_status`: what it is.")
    rebooked_to_uid: str | None = Field(None, description="With `wrong_status`: where it went.")
    active_holds: list[str] | None = Field(None, description="With `too_many_holds`: uids.")
    overlaps_with: list[str] | None = Field(None, description="With `window_overlap`: uids.")
    appointment_uids: list[str] | None = Field(None, description="With `visits_open`: which.")


class SizeProblem(Schema):
    error: str
    code: Literal["too_large"]


class ReusedKeyProblem(Schema):
    error: str
    code: Literal["idempotency_key_reused"]


class RateLimitProblem(Schema):
    error: Literal["Rate limit exceeded"]


class InternalProblem(Schema):
    error: str
    code: Literal["internal_error"]


Responses = dict[int, type[BaseModel]]

_OF_EVERY_CALL: Responses = {400: ValidationProblem, 429: RateLimitProblem, 500: InternalProblem}
_OF_A_CREDENTIAL: Responses = {401: CredentialProblem}
_OF_A_BODY: Responses = {413: SizeProblem}
_OF_A_MOVE: Responses = {409: ConflictProblem, 422: ReusedKeyProblem}


def public_responses(ok: type[Schema]) -> Responses:
    return {200: ok, 404: NotFoundProblem, **_OF_EVERY_CALL}


def listing_responses(ok: type[BaseModel]) -> Responses:
    """Of a keyed call that names nothing that could be absent."""
    return {200: ok, **_OF_A_CREDENTIAL, 403: PermissionProblem, **_OF_EVERY_CALL}


def reading_responses(ok: type[BaseModel]) -> Responses:
    return {**listing_responses(ok), 404: NotFoundProblem}


def moving_responses(status: int, ok: type[Schema]) -> Responses:
    """Of a call that carries an idempotency key and moves an appointment."""
    return {
        status: ok,
        **_OF_A_CREDENTIAL,
        403: PermissionProblem,
        404: NotFoundProblem,
        **_OF_A_BODY,
        **_OF_A_MOVE,
        **_OF_EVERY_CALL,
    }


def health_responses(ok: type[Schema]) -> Responses:
    return {200: ok, **_OF_A_CREDENTIAL, 500: InternalProblem}


def token_only_responses(status: int, ok: type[Schema]) -> Responses:
    return {status: ok, **_OF_A_CREDENTIAL, **_OF_A_BODY, **_OF_EVERY_CALL}


def writing_responses(
    status: int, ok: type[BaseModel] | None, *, may_conflict: bool = False
) -> dict[int, type[BaseModel] | None]:
    """Of a keyed call that changes something else; `ok` is None for an answer without a body."""
    conflict: Responses = {409: ConflictProblem} if may_conflict else {}
    return {
        status: ok,
        **_OF_A_CREDENTIAL,
        403: PermissionProblem,
        404: NotFoundProblem,
        **_OF_A_BODY,
        **conflict,
        **_OF_EVERY_CALL,
    }


IDEMPOTENCY_PARAMETER: dict[str, Any] = {
    "parameters": [
        {
            "in": "header",
            "name": HEADER,
            "required": False,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "description": (
                "A call repeated with its key within 24 hours is answered as the first was, with"
                " `Idempotent-Replayed: true`, and not carried out again."
            ),
        }
    ]
}


class _SelfContainedPage(Swagger):
    """Swagger UI from our own static files, under a policy that lets nothing else run."""

    template = "api/document.html"

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        page = super().render_page(request, api, **kwargs)
        page.headers["Content-Security-Policy"] = _CONTENT_SECURITY_POLICY
        return page


class DocumentedAPI(NinjaAPI):
    """A NinjaAPI that reads strictly and answers errors as the contract says."""

    def __init__(self, *, title: str, description: str, namespace: str) -> None:
        super().__init__(
            title=title,
            version="1",
            description=description,
            urls_namespace=namespace,
            openapi_url=DOCUMENT_PATH,
            docs_url=PAGE_PATH,
            docs=_SelfContainedPage(),
            parser=StrictParser(),
        )
        self._documents: dict[str, Document] = {}
        install(self)

    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Short, as generated clients name their methods by it."""
        return operation.view_func.__name__

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> Document:
        """Built once per process: the routes do not change while it runs."""
        prefix = self.get_root_path(path_params or {}) if path_prefix is None else path_prefix
        if prefix not in self._documents:
            self._documents[prefix] = Document(self, prefix)
        return self._documents[prefix]
