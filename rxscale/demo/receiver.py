"""The shop's webhook receiver: checks both signatures as any partner can, keeps what came, answers.

It stands in the web process, but the engine reaches it as it reaches every receiver: by HTTP, with what is
on the wire and nothing else. What came lies in files of the data folder.
"""

import hashlib
import hmac
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from standardwebhooks import Webhook, WebhookVerificationError

from common.clock import from_epoch
from portals.lengths import length

from . import shop
from .pages import demo_page

KEPT = 200  # the oldest beyond these are thrown away


@dataclass(frozen=True, slots=True)
class Received:
    """One call. `number` orders them; the verdicts are the shop's own, by its own secret.

    `is_repeat`: it came before, and a shop would drop it.
    """

    number: int
    event_type: str
    webhook_id: str
    is_documented_signature: bool
    is_standard_signature: bool
    answered: int
    body: str
    is_repeat: bool = False

    @property
    def received_at(self) -> datetime:
        return from_epoch(self.number // 1_000_000_000)

    @property
    def content(self) -> dict[str, Any]:
        try:
            content = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def pretty(self) -> str:
        return orjson.dumps(self.content, option=orjson.OPT_INDENT_2).decode()

    @property
    def in_words(self) -> str:
        data = self.content.get("data")
        if not isinstance(data, dict):
            return "Something unreadable"
        if self.content.get("event_type") == "appointment_reminder_due":
            recipient = data.get("recipient")
            group = recipient.get("group") if isinstance(recipient, dict) else "?"
            minutes = data.get("minutes_before")
            ahead = length(minutes) if isinstance(minutes, int) else "?"
            return f"Remind the {group}, {ahead} before"
        return _visit_in_words(data)


@demo_page("checks signatures instead")
@csrf_exempt
@require_POST
def receive(request: HttpRequest, name: str) -> HttpResponse:
    keys = shop.read_keys()
    secret = keys.signing_secrets.get(name) if keys else None
    if secret is None:
        raise Http404
    came = judge(secret, request.body, dict(request.headers), number=time.time_ns())
    _keep(came)
    return HttpResponse(status=came.answered)


def judge(secret: str, body: bytes, headers: dict[str, str], *, number: int) -> Received:
    lower = {name.lower(): value for name, value in headers.items()}
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    is_documented = hmac.compare_digest(
        expected.encode(), lower.get("x-webhook-signature", "").encode()
    )
    is_standard = _is_standard(secret, body, lower)
    return Received(
        number=number,
        event_type=lower.get("x-webhook-event", ""),
        webhook_id=lower.get("webhook-id", ""),
        is_documented_signature=is_documented,
        is_standard_signature=is_standard,
        answered=204 if is_documented and is_standard else 401,
        body=body.decode("utf-8", "replace"),
    )


def _visit_in_words(data: dict[str, Any]) -> str:
    status = str(data.get("status", "?"))
    if status == "held":
        return "Time held"
    if status == "cancelled" and data.get("rebooked_to_uid"):
        return "Visit moved away"
    if status == "confirmed" and data.get("previous_meeting_uid"):
        return "Visit moved here, confirmed"
    return f"Visit {status.replace('_', '-')}"


def newest(*, after: int = 0, limit: int = 50) -> list[Received]:
    """What came after that number, newest first. A repeat has the id of an earlier one among the last `limit`."""
    files = sorted(_folder().glob("*.json"), reverse=True)[:limit]
    calls = [_read(file) for file in files]
    earlier: set[str] = set()
    for place in reversed(range(len(calls))):
        came = calls[place]
        calls[place] = replace(came, is_repeat=came.webhook_id in earlier)
        earlier.add(came.webhook_id)
    return [came for came in calls if came.number > after]


def _is_standard(secret: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        Webhook(secret).verify(body, headers)
    except (WebhookVerificationError, ValueError):
        return False
    return True


def _keep(came: Received) -> None:
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f"{came.number}.draft"
    draft.write_bytes(orjson.dumps(asdict(came)))
    draft.rename(draft.with_suffix(".json"))  # whoever reads meanwhile sees all of it or nothing
    for old in sorted(folder.glob("*.json"), reverse=True)[KEPT:]:
        old.unlink(missing_ok=True)


def _read(file: Path) -> Received:
    return Received(**orjson.loads(file.read_bytes()))


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "private" / "shop" / "webhooks"
