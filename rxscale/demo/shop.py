"""The demo's partner: a shop with a backend of its own, which knows what a partner knows and no more.

Its file holds the booking secret and the signing secrets it was given. It mints tokens with PyJWT and calls the
real API over HTTP; in the database it looks nothing up.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
from django.conf import settings

from common.clock import to_epoch
from common.outbound import CallFailed, Reach, call

LAUNCH_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody signed in to the shop; `fields` is what the shop knows of them."""

    customer_id: str
    name: str
    in_words: str
    fields: dict[str, str]


CUSTOMERS = {
    "robin": Customer(
        "demo-robin",
        "Robin Clarke",
        "in London, reads English",
        {
            "first_name": "Robin",
            "last_name": "Clarke",
            "email": "robin.clarke@patients.example",
            "phone": "+447700900321",
            "timezone": "Europe/London",
            "language": "en",
        },
    ),
    "greta": Customer(
        "demo-greta",
        "Greta Sommer",
        "in Berlin, reads German",
        {
            "first_name": "Greta",
            "last_name": "Sommer",
            "email": "greta.sommer@patients.example",
            "phone": "+4915550000321",
            "timezone": "Europe/Berlin",
            "language": "de",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Keys:
    """What RxScale gave the shop. `signing_secrets`: per receiver, named as in its address."""

    api: str
    shop_identifier: str
    key_id: str
    secret: str
    signing_secrets: dict[str, str]
    subscription_uids: dict[str, str]


class LaunchFailed(Exception):
    """The API gave no launch code; the text is what it said instead."""


def keys_path() -> Path:
    return Path(settings.DATA_DIR) / "private" / "shop.json"


def read_keys() -> Keys | None:
    """None before the demo's clinics have been filled."""
    try:
        return Keys(**json.loads(keys_path().read_text()))
    except (OSError, ValueError, TypeError):
        return None


def write_keys(keys: Keys) -> None:
    path = keys_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(keys), indent=2))


def mint(keys: Keys, customer: Customer, *, now: datetime) -> str:
    """A booking token for one patient and five minutes, as the documented minter makes it."""
    payload = {
        "aud": "rxscale-scheduling",
        "iat": to_epoch(now),
        "nbf": to_epoch(now - timedelta(seconds=10)),
        "exp": to_epoch(now + timedelta(minutes=5)),
        "shop_identifier": keys.shop_identifier,
        "shop_customer_id": customer.customer_id,
        "patient_profile_fields": [
            {"field": field, "value": value, "source": "shop"}
            for field, value in customer.fields.items()
        ],
    }
    return jwt.encode(payload, keys.secret, algorithm="HS256", headers={"kid": keys.key_id})


def ask_for_launch(keys: Keys, token: str) -> str:
    """The address of the hosted booking page, with a launch code. Raises LaunchFailed."""
    try:
        answer = call(
            "POST",
            f"{keys.api}/v1/scheduling/booking-launch-codes",
            content=b"{}",
            headers={"X-RxScale-Booking-Token": token, "Content-Type": "application/json"},
            reach=Reach.PUBLIC_OR_LOOPBACK,
            total_seconds=LAUNCH_SECONDS,
        )
    except CallFailed as failed:
        raise LaunchFailed(f"No answer from {keys.api}: {failed}") from failed
    content = _json(answer.body)
    if answer.status_code != 201:
        said = content.get("description") or content.get("error") or "nothing readable"
        raise LaunchFailed(f"{answer.status_code}: {said}")
    return str(content["booking_url"])


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}
