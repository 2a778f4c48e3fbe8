"""Does an answer look as the OpenAPI document says? The part of JSON Schema that ours uses, read strictly."""

from collections.abc import Iterator
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


def violations(document: Any, schema: Any, value: Any, path: str = "$") -> Iterator[str]:
    """What differs; an object's keys must all be documented."""
    schema = _resolved(document, schema)
    if "anyOf" in schema:
        if all(list(violations(document, one, value, path)) for one in schema["anyOf"]):
            yield f"{path}: fits none of its alternatives"
        return
    allowed = [schema["const"]] if "const" in schema else schema.get("enum", [value])
    if value not in allowed:
        yield f"{path}: {value!r} is not in {allowed}"
    if "type" in schema and not _is(value, schema["type"]):
        yield f"{path}: {type(value).__name__} instead of {schema['type']}"
        return
    if isinstance(value, dict):
        yield from _of_object(document, schema, value, path)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from violations(document, schema.get("items", {}), item, f"{path}[{index}]")


def _of_object(document: Any, schema: Any, value: dict[str, Any], path: str) -> Iterator[str]:
    properties = schema.get("properties", {})
    yield from (f"{path}.{key}: missing" for key in schema.get("required", []) if key not in value)
    for key, item in value.items():
        if key in properties:
            yield from violations(document, properties[key], item, f"{path}.{key}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from violations(document, schema["additionalProperties"], item, f"{path}.{key}")
        elif schema.get("additionalProperties") is not True:  # what is open says so
            yield f"{path}.{key}: not documented"


def _is(value: Any, name: str | list[str]) -> bool:
    if isinstance(name, list):
        return any(_is(value, each) for each in name)
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES[name])


def _resolved(document: Any, schema: Any) -> Any:
    while "$ref" in schema or "allOf" in schema:
        if "allOf" in schema:  # one schema, and what is said of it here
            [schema] = schema["allOf"]
            continue
        node = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            node = node[part]
        schema = node
    return schema
