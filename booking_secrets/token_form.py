"""The outer form of a booking token, checked more strictly than JWT libraries do. No database.

Of an unverified token only the header is parsed, and of it only `kid` is handed on.
"""

import base64
import json
import re
from typing import Any

import jwt

from .refusals import TokenRefused

_LONGEST_TOKEN = 8192  # what common servers accept as one header line
_COMPACT = re.compile(
    r"([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}"
)  # 43: an HS256 signature
_KID = re.compile(r"[A-Za-z0-9_-]{1,40}")
# An allow-list: jwk, jku, x5u, x5c, crit, b64, zip and whatever comes next change what is verified.
_HEADER_PARAMETERS = {"alg", "kid", "typ"}
_DEEPEST = 8  # patient_profile_fields need 3

_hs256 = jwt.PyJWS(algorithms=["HS256"], options={"enforce_minimum_key_length": True})


class RepeatedKey(ValueError):
    """A JSON object says a key twice; readers disagree on which counts."""

    def __init__(self, key: str) -> None:
        super().__init__("repeated key")
        self.key = key


def read_kid(token: str) -> str:
    """The `kid` of a token in the accepted form. Raises TokenRefused (invalid_header)."""
    if len(token) > _LONGEST_TOKEN:
        raise _refused(f"Expected at most {_LONGEST_TOKEN} characters.")
    match = _COMPACT.fullmatch(token)
    if match is None:
        raise _refused("Expected a signed JWT: three parts in base64url, joined by dots.")
    header = _read_header(match[1])
    if not set(header) <= _HEADER_PARAMETERS:
        raise _refused("The token's header may hold alg, kid and typ, nothing else.")
    if header.get("alg") != "HS256":
        raise _refused("alg: expected HS256.")
    if header.get("typ", "JWT") not in ("JWT", "jwt"):
        raise _refused("typ: expected JWT.")
    kid = header.get("kid")
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise _refused("kid: expected the key_id of a booking secret.")
    return kid


def signed_payload(token: str, secret_text: str) -> bytes:
    """The payload's bytes once the signature holds. Raises TokenRefused (invalid_header)."""
    try:
        payload = _hs256.decode(token, secret_text, algorithms=["HS256"])
    except jwt.PyJWTError:
        raise _refused("The signature was not made with the secret that kid names.") from None
    if not isinstance(payload, bytes):
        raise _refused("Expected a JSON object as payload.")
    return payload


def read_object(data: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8. Raises RepeatedKey; ValueError for anything else that is not one.

    `json.loads` on bytes would also take UTF-16, UTF-32 and a BOM.
    """
    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=_without_repeats)
    except RecursionError:
        raise ValueError("too deeply nested") from None
    if not isinstance(value, dict) or _is_deeper_than(_DEEPEST, value):
        raise ValueError("not an object of reasonable depth")
    return value


def _read_header(part: str) -> dict[str, Any]:
    try:
        data = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        if base64.urlsafe_b64encode(data).rstrip(b"=") != part.encode():
            raise ValueError("not canonical")
        return read_object(data)
    except ValueError:
        raise _refused("The token's header is not a plain JSON object in base64url.") from None


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise RepeatedKey(key)
        result[key] = value
    return result


def _is_deeper_than(limit: int, value: object) -> bool:
    level = [value]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _refused(description: str) -> TokenRefused:
    return TokenRefused("invalid_header", description)
