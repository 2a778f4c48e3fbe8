"""The OpenAPI document of an API: what ninja derives, with who may call, headers of answers, and examples."""

from typing import TYPE_CHECKING, Any

from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation

from .auth import Anyone
from .examples import add_examples

if TYPE_CHECKING:
    from ninja import NinjaAPI

_RETRY_AFTER = {
    "Retry-After": {
        "description": "Whole seconds until a call may pass again.",
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
    }
}
_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "There when this is the answer of an earlier call with the same key.",
        "schema": {"type": "string", "const": "true"},
    }
}


class Document(OpenAPISchema):
    def __init__(self, api: "NinjaAPI", path_prefix: str) -> None:
        super().__init__(api, path_prefix)
        add_examples(self)

    def operation_details(self, operation: Operation) -> dict[str, Any]:
        details: dict[str, Any] = super().operation_details(operation)
        details["description"] = f"{operation.description}\n\n{_needed(operation)}"
        is_repeatable = 422 in details["responses"]  # the key of another request
        for status, answer in details["responses"].items():
            if status == 429:
                answer["headers"] = _RETRY_AFTER
            elif status < 300 and is_repeatable:
                answer["headers"] = _REPLAYED
        return details


def _needed(operation: Operation) -> str:
    """Read off what is enforced, so that it cannot disagree."""
    entries = operation.auth_callbacks
    if any(isinstance(entry, Anyone) for entry in entries):
        return "Needs no credential."
    ways = [entry.way for entry in entries if hasattr(entry, "way")]
    return f"Needs {' or '.join(ways)}."
