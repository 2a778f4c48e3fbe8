"""The exact bytes of a webhook's body, with or without the patient's contact data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import orjson


def dumps(value: object) -> str:
    return orjson.dumps(value).decode()


class TellableEvent(Protocol):
    """What a body is made of: a stored Event, or one about to be stored."""

    @property
    def event_type(self) -> str: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def data(self) -> Mapping[str, object]: ...
    @property
    def contact_paths(self) -> Sequence[str]: ...


class TellingSubscription(Protocol):
    """What a subscription decides about its bodies."""

    @property
    def payload_version(self) -> str: ...
    @property
    def include_contact(self) -> bool: ...


def of(event: TellableEvent, subscription: TellingSubscription) -> str:
    """The body of the event for this subscription, in the contract's key order."""
    data = event.data
    return dumps(
        {
            "event_type": event.event_type.lower(),
            "timestamp": event.timestamp,
            "payload_version": subscription.payload_version,
            "data": data if subscription.include_contact else without(data, event.contact_paths),
        }
    )


def without(data: Mapping[str, object], paths: Iterable[str]) -> dict[str, object]:
    """A copy of `data` in which each dotted path that exists is null. `data` itself is not touched."""
    bare = dict(data)
    for path in paths:
        _set_null(bare, path.split("."))
    return bare


def _set_null(data: dict[str, object], keys: list[str]) -> None:
    key = keys[0]
    if len(keys) == 1:
        if key in data:
            data[key] = None
        return
    inner = data.get(key)
    if isinstance(inner, Mapping):
        copied = dict(inner)
        _set_null(copied, keys[1:])
        data[key] = copied
