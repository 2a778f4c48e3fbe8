"""The claims of a booking token whose signature holds: present, of the right type, and in time. No database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings

from common.clock import to_epoch
from common.texts import is_storable

from .refusals import TokenRefused
from .token_form import RepeatedKey, read_object

AUDIENCE = "rxscale-scheduling"
_LATEST_INSTANT = 4_102_444_800  # 2100-01-01, the contract's last instant
_LONGEST_FIELD_NAME = 200
_TIMES = ("exp", "nbf", "iat")
_REQUIRED = ("aud", *_TIMES, "shop_identifier", "shop_customer_id", "patient_profile_fields")


@dataclass(frozen=True, slots=True)
class Claims:
    """`expires_at` in epoch seconds, without the leeway."""

    shop_identifier: str
    shop_customer_id: str
    profile_fields: tuple[tuple[str, object], ...]
    expires_at: int


def read_claims(payload: bytes, *, now: datetime) -> Claims:
    """Check every claim. Raises TokenRefused."""
    claims = _read_payload(payload)
    for name in _REQUIRED:
        if claims.get(name) is None:
            raise _refused(f"{name}: expected, but missing.")
    if claims["aud"] != AUDIENCE:
        raise _refused(f"aud: expected the string {AUDIENCE}.")
    times = {name: _instant(claims, name) for name in _TIMES}
    shop_identifier = _text(claims, "shop_identifier", longest=200)
    shop_customer_id = _text(claims, "shop_customer_id", longest=255)
    profile_fields = _profile_fields(claims["patient_profile_fields"])
    _check_times(times, to_epoch(now))
    return Claims(shop_identifier, shop_customer_id, profile_fields, times["exp"])


def _read_payload(payload: bytes) -> dict[str, Any]:
    try:
        return read_object(payload)
    except RepeatedKey as repeated:
        name = repeated.key if repeated.key in _REQUIRED else "A key of the payload"
        raise _refused(f"{name}: expected once, but given more than once.") from None
    except ValueError:
        raise TokenRefused(
            "invalid_header", "Expected a JSON object in UTF-8 as payload, not deeply nested."
        ) from None


def _instant(claims: dict[str, Any], name: str) -> int:
    value = claims[name]
    if type(value) is not int or not 0 <= value <= _LATEST_INSTANT:  # a bool is an int to Python
        raise _refused(f"{name}: expected an integer, whole seconds (not milliseconds) since 1970.")
    return value


def _text(claims: dict[str, Any], name: str, *, longest: int) -> str:
    value = claims[name]
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise _refused(f"{name}: expected a string of 1 to {longest} characters.")
    if not is_storable(value):
        raise _refused(f"{name}: expected a string without NUL and lone surrogates.")
    return value


def _profile_fields(value: object) -> tuple[tuple[str, object], ...]:
    if not isinstance(value, list):
        raise _refused("patient_profile_fields: expected an array.")
    for position, item in enumerate(value, start=1):
        if not _is_profile_field(item):
            raise _refused(
                'patient_profile_fields: expected objects of "field" (a string), "value" and'
                f' "source": "shop"; item {position} is not.'
            )
    return tuple((item["field"], item["value"]) for item in value)


def _is_profile_field(item: object) -> bool:
    if not isinstance(item, dict) or "value" not in item or item.get("source") != "shop":
        return False
    name = item.get("field")
    return (
        isinstance(name, str)
        and 0 < len(name.strip()) <= len(name) <= _LONGEST_FIELD_NAME
        and is_storable(name)
    )


def _check_times(times: dict[str, int], now: int) -> None:
    """Expiry speaks first: a client that kept a token too long renews it on `token_expired`."""
    leeway, longest = settings.BOOKING_TOKEN_LEEWAY_SECONDS, settings.BOOKING_TOKEN_MAX_SECONDS
    exp, iat = times["exp"], times["iat"]
    if now >= exp + leeway:
        raise TokenRefused(
            "token_expired",
            f"exp: expected a time after now ({leeway} seconds of leeway);"
            f" missed by {now - exp} seconds.",
        )
    for name in ("nbf", "iat"):
        if times[name] > now + leeway:
            raise _refused(
                f"{name}: expected a time not after now ({leeway} seconds of leeway);"
                f" missed by {times[name] - now} seconds."
            )
    if exp <= iat:
        raise _refused(f"exp: expected a time after iat; missed by {iat - exp} seconds.")
    if exp - iat > longest:
        raise _refused(
            f"exp: expected at most {longest} seconds after iat;"
            f" missed by {exp - iat - longest} seconds."
        )


def _refused(description: str) -> TokenRefused:
    return TokenRefused("invalid_claims", description)
