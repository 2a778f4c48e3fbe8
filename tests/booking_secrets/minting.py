"""Mints booking tokens: the documented way, and by hand byte for byte for everything a library would refuse."""

import base64
import hmac
import json
from dataclasses import dataclass
from typing import Any, ClassVar

import jwt

from booking_secrets.models import BookingSecret
from common.clock import to_epoch
from organisations.models import Shop
from tests.factories import NOW

NOW_EPOCH = to_epoch(NOW)
ABSENT: object = object()  # as the value of a claim or header parameter: leave it out


def documented_token(key_id: str, secret: str, shop_identifier: str, *, now: int) -> str:
    """The minter of the public documentation, as it stands."""
    payload = {
        "aud": "rxscale-scheduling",
        "iat": now,
        "nbf": now - 10,
        "exp": now + 300,
        "shop_identifier": shop_identifier,
        "shop_customer_id": "customer-1",
        "patient_profile_fields": [
            {"field": "first_name", "value": "Paula", "source": "shop"},
            {"field": "email", "value": "paula@patients.example", "source": "shop"},
        ],
    }
    return jwt.encode(payload, secret, algorithm="HS256", headers={"kid": key_id})


@dataclass(frozen=True)
class Partner:
    """A partner's backend: knows its secret and its shop."""

    CLAIMS: ClassVar[tuple[str, ...]] = (
        "aud",
        "exp",
        "nbf",
        "iat",
        "shop_identifier",
        "shop_customer_id",
        "patient_profile_fields",
    )

    secret: BookingSecret
    text: str
    shop: Shop

    def documented(self) -> str:
        return documented_token(self.secret.key_id, self.text, self.shop.identifier, now=NOW_EPOCH)

    def header(self, **changes: object) -> dict[str, Any]:
        return _with({"alg": "HS256", "kid": self.secret.key_id, "typ": "JWT"}, changes)

    def claims(self, **changes: object) -> dict[str, Any]:
        claims = {
            "aud": "rxscale-scheduling",
            "iat": NOW_EPOCH,
            "nbf": NOW_EPOCH - 10,
            "exp": NOW_EPOCH + 300,
            "shop_identifier": self.shop.identifier,
            "shop_customer_id": "customer-1",
            "patient_profile_fields": [],
        }
        return _with(claims, changes)

    def token(self, **changes: object) -> str:
        """A well-signed token with these claims changed."""
        return self.signed(json.dumps(self.header()), json.dumps(self.claims(**changes)))

    def token_with_header(self, **changes: object) -> str:
        return self.signed(json.dumps(self.header(**changes)), json.dumps(self.claims()))

    def signed(self, header: str | bytes, payload: str | bytes, digest: str = "sha256") -> str:
        """Any bytes as header and payload under a signature that holds."""
        signing_input = f"{part(header)}.{part(payload)}"
        return f"{signing_input}.{signature(signing_input, self.text, digest)}"


def part(data: str | bytes) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signature(signing_input: str, key: str, digest: str = "sha256") -> str:
    return part(hmac.digest(key.encode(), signing_input.encode(), digest))


def _with(base: dict[str, Any], changes: dict[str, object]) -> dict[str, Any]:
    return {name: value for name, value in {**base, **changes}.items() if value is not ABSENT}
