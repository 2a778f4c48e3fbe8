"""Strict input: JSON that means one thing only, and types that coerce nothing.

Whatever gets past here can be stored and computed with, so that no input is ever a 5xx.
"""

import json
import re
from typing import Annotated, Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from django.utils.datastructures import MultiValueDict
from ninja import NinjaAPI, Schema
from ninja.params import models
from ninja.parser import Parser
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StrictInt, StrictStr
from pydantic_core import PydanticCustomError, PydanticUndefined

from common.texts import is_storable

from .errors import bad_input, too_large

MAX_BODY_BYTES = 1_048_576
LATEST_INSTANT = 4_102_444_800  # 2100-01-01T00:00:00Z
MAX_TEXT = 500
MAX_LONG_TEXT = 2000
# A page or a limit may be as large as it likes: it is capped, not refused. `int()` ends at 4,300 digits.
_INTEGER = re.compile(r"-?[0-9]{1,4000}")


class _Ambiguous(ValueError):
    """JSON that parsers read differently: NaN, or a key twice in one object."""


def json_object(request: HttpRequest) -> dict[str, Any]:
    """The request's body as a JSON object; an empty one is `{}`. Raises the 400 or 413."""
    body = read_body(request)
    if not body.strip():
        return {}
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except _Ambiguous as error:
        raise bad_input({"body": [str(error)]}) from error
    except (ValueError, RecursionError) as error:
        raise bad_input({"body": ["This is not valid JSON in UTF-8."]}) from error
    if not isinstance(value, dict):
        raise bad_input({"body": ["This must be a JSON object."]})
    return value


def read_body(request: HttpRequest) -> bytes:
    try:
        body = request.body
    except RequestDataTooBig as error:
        raise too_large() from error
    except UnreadablePostError as error:
        raise bad_input({"body": ["The body ended early."]}) from error
    if len(body) > MAX_BODY_BYTES:
        raise too_large()
    return body


def _refuse_constant(name: str) -> NoReturn:
    raise _Ambiguous(f"{name} is not JSON.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise _Ambiguous("A key stands twice in one object.")
    return result


class StrictParser(Parser):
    """Query strings in which no parameter repeats."""

    def parse_querydict(
        self, data: MultiValueDict[str, Any], list_fields: list[str], request: HttpRequest
    ) -> dict[str, Any]:
        repeated = [name for name, values in data.lists() if len(values) > 1]
        if repeated:
            raise bad_input({name: ["This parameter is repeated."] for name in sorted(repeated)})
        return super().parse_querydict(data, list_fields, request)


class _StrictBodyModel(models.BodyModel):
    @classmethod
    def get_request_data(
        cls, request: HttpRequest, api: NinjaAPI, path_params: dict[str, Any]
    ) -> dict[str, Any]:
        return {cls.__read_from_single_attr__: json_object(request)}


class Body(models.Body):  # type: ignore[misc]  # pydantic marks the base final; ninja extends it so
    """Marks an endpoint's one body argument: `Annotated[HoldRequest, Body(...)]`.

    ninja's own reads neither strictly nor an empty body as `{}`. The name is what ninja's OpenAPI
    knows the place by.
    """

    _model = _StrictBodyModel


def storable(text: str) -> str:
    if not is_storable(text):
        raise PydanticCustomError("text", "This contains characters that cannot be stored.")
    return text


def _digits(value: object) -> int:
    """Of a query parameter. `int()` would also take spaces, signs, underscores, other scripts' digits."""
    if not isinstance(value, str) or not _INTEGER.fullmatch(value):
        raise PydanticCustomError("integer", "This must be an integer.")
    return int(value)


class StrictSchema(Schema):
    """A body, or an object within one, in which an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")

    def given(self) -> dict[str, Any]:
        """The fields that were sent: what a PATCH changes."""
        return self.model_dump(exclude_unset=True)


class Nothing(StrictSchema):
    """An empty JSON object, or no body."""


class Subset(StrictSchema):
    """Beside the schema of a POST the base of its PATCH: `class TypeChanges(Subset, TypeRequest)`.

    Every field may be left out, and then nothing changes; null is what it is in the POST.
    """

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        for field in cls.model_fields.values():
            field.default, field.default_factory = PydanticUndefined, left_out
        cls.model_rebuild(force=True)


def left_out() -> Any:
    """A factory, for the document would show a plain default as what a missing field means."""


Text = Annotated[StrictStr, Field(max_length=MAX_TEXT), AfterValidator(storable)]
LongText = Annotated[StrictStr, Field(max_length=MAX_LONG_TEXT), AfterValidator(storable)]
Name = Annotated[StrictStr, Field(min_length=1, max_length=200), AfterValidator(storable)]
Reference = Annotated[StrictStr, Field(max_length=200), AfterValidator(storable)]
Instant = Annotated[StrictInt, Field(ge=0, le=LATEST_INSTANT)]
QueryInstant = Annotated[int, Field(ge=0, le=LATEST_INSTANT), BeforeValidator(_digits)]
# Bounds stand before the validator: behind it they are missing from the OpenAPI document.
QueryCount = Annotated[int, Field(ge=0), BeforeValidator(_digits)]
QueryAmount = Annotated[int, Field(ge=1), BeforeValidator(_digits)]
