"""What a message of a kind says and when it is still wanted: registered by the app that owns the kind.

The engine knows kinds by name only, so it never imports upwards. Register in AppConfig.ready.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from .models import Delivery


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content: bytes
    mimetype: str


@dataclass(frozen=True, slots=True)
class Email:
    """One multipart e-mail. The subject carries no data of a patient."""

    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Sms:
    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How deliveries of one kind are checked and worded.

    `still_wanted` returns "" when the message should leave, else the reason to skip it. `render` is
    asked right after, with the delivery's channel deciding between `Email` and `Sms`. Both run in no
    transaction and may query.
    """

    name: str
    still_wanted: Callable[[Delivery, datetime], str]
    render: Callable[[Delivery, datetime], Email | Sms]


class UnknownKind(LookupError):
    """Nobody registered the kind: an older process met a newer row. Such a delivery is tried again later."""


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Make the kind known to this process. Raises ValueError when another one has the name."""
    if _kinds.setdefault(kind.name, kind) != kind:
        raise ValueError(f"two kinds are called {kind.name}")


def find(name: str) -> Kind:
    """The kind of that name. Raises UnknownKind."""
    try:
        return _kinds[name]
    except KeyError:
        raise UnknownKind(f"no kind is called {name}") from None
