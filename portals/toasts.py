"""A word after an act, on the next page or in the same answer to htmx; with the way to undo it.

    toast(request, "Window removed.", undo=Undo(reverse("…"), {"weekday": "0"}))

It travels in a cookie: no patient data in it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from django.contrib import messages
from django.http import HttpRequest

Tone = Literal["good", "info", "warn", "bad"]
_LEVELS: dict[Tone, int] = {
    "good": messages.SUCCESS,
    "info": messages.INFO,
    "warn": messages.WARNING,
    "bad": messages.ERROR,
}
_TONES = {level: tone for tone, level in _LEVELS.items()}


@dataclass(frozen=True, slots=True)
class Undo:
    """A form of hidden `fields` that is posted to `url`."""

    url: str
    fields: Mapping[str, str] = field(default_factory=dict)
    label: str = "Undo"


@dataclass(frozen=True, slots=True)
class Toast:
    text: str
    tone: Tone
    undo: Undo | None


def toast(
    request: HttpRequest, text: str, *, tone: Tone = "good", undo: Undo | None = None
) -> None:
    """Say `text` on the page that comes next. `bad` and `warn` stay until they are closed."""
    tags = ""
    if undo:
        tags = json.dumps({"url": undo.url, "fields": dict(undo.fields), "label": undo.label})
    messages.add_message(request, _LEVELS[tone], text, extra_tags=tags)


def waiting(request: HttpRequest) -> Iterator[Toast]:
    """The toasts not shown yet; reading takes them away."""
    for message in messages.get_messages(request):
        undo = Undo(**json.loads(message.extra_tags)) if message.extra_tags else None
        yield Toast(str(message.message), _TONES.get(message.level, "info"), undo)
