"""Encryption of columns and HMACs of links, from one ring of keys (settings.ENCRYPTION_KEYS).

The first key encrypts and signs, every key of the ring decrypts and verifies; so a key is replaced by
putting a new one in front, running `rotate_encryption_keys`, and dropping the old one when links made
with it may stop working. Encryption and each MAC purpose use keys of their own, derived with HKDF.

Envelope of a ciphertext: version (1 byte) | length of key id (1 byte) | key id | nonce (12) | AES-256-GCM.
"""

import base64
import binascii
import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

_VERSION = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_MAC_BYTES = 18  # 144 bits, 24 characters: beyond guessing, short enough for an SMS
_KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")


class DecryptionFailed(Exception):
    """Not a ciphertext of this place, altered, or made with a key that is not in the ring."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a ciphertext belongs. Moved to another table, column, tenant or row it does not decrypt.

    `table` is the model's `db_table`, `column` the field's name: rotation builds the same place.
    """

    table: str
    column: str
    organisation_uid: str
    row_uid: str


@dataclass(frozen=True, slots=True)
class EncryptedColumn:
    """A model lists these in `ENCRYPTED_COLUMNS`; `rotate_encryption_keys` walks the lists.

    `row_uid` and `organisation` name the fields that give the row's `Place`.
    """

    name: str
    row_uid: str = "uid"
    organisation: str = "organisation"


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    material: bytes

    def derived(self, info: str) -> bytes:
        return _derive(self.material, info)


def read_ring(entries: Iterable[str]) -> tuple[_Key, ...]:
    """The keys of `id:base64` entries, in order. Raises ImproperlyConfigured, never naming key material."""
    keys = tuple(_read_key(entry) for entry in entries)
    if not keys:
        raise ImproperlyConfigured("ENCRYPTION_KEYS is empty: give at least one id:base64 key.")
    if len({key.id for key in keys}) != len(keys):
        raise ImproperlyConfigured("ENCRYPTION_KEYS names the same key id twice.")
    return keys


def encrypt(plaintext: bytes, place: Place) -> bytes:
    """Encrypt under the ring's first key, bound to `place`."""
    key = _ring()[0]
    header = bytes([_VERSION, len(key.id)]) + key.id.encode()
    nonce = os.urandom(_NONCE_BYTES)
    cipher = AESGCM(key.derived("encryption"))
    return header + nonce + cipher.encrypt(nonce, plaintext, _associated_data(header, place))


def decrypt(ciphertext: bytes | memoryview, place: Place) -> bytes:
    """Undo `encrypt`, whichever key of the ring was used. Raises DecryptionFailed."""
    header, body = _split(bytes(ciphertext))
    key_id = header[2:].decode()
    key = next((key for key in _ring() if key.id == key_id), None)
    if key is None:
        raise DecryptionFailed(f"key {key_id} is not in ENCRYPTION_KEYS")
    nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
    try:
        return AESGCM(key.derived("encryption")).decrypt(
            nonce, sealed, _associated_data(header, place)
        )
    except InvalidTag:
        raise DecryptionFailed("the ciphertext does not belong here or was altered") from None


def is_encrypted_with_first_key(ciphertext: bytes | memoryview) -> bool:
    """Whether rotation has nothing to do. Reads the envelope only. Raises DecryptionFailed."""
    header, _ = _split(bytes(ciphertext))
    return header[2:].decode() == _ring()[0].id


def mac(purpose: str, *parts: str) -> str:
    """URL-safe HMAC of the parts under the ring's first key. Different purposes never agree."""
    return _mac(_ring()[0], purpose, parts)


def mac_matches(given: str, purpose: str, *parts: str) -> bool:
    """Whether any key of the ring made `given`: links outlive a rotation. In constant time."""
    text = given.encode("utf-8", "replace")
    matches = [hmac.compare_digest(text, _mac(key, purpose, parts).encode()) for key in _ring()]
    return any(matches)


def _mac(key: _Key, purpose: str, parts: tuple[str, ...]) -> str:
    digest = hmac.digest(key.derived(f"mac {purpose}"), _framed(parts), hashlib.sha256)
    return base64.urlsafe_b64encode(digest[:_MAC_BYTES]).decode()


def _ring() -> tuple[_Key, ...]:
    return _cached_ring(tuple(settings.ENCRYPTION_KEYS))


@lru_cache(maxsize=8)
def _cached_ring(entries: tuple[str, ...]) -> tuple[_Key, ...]:
    return read_ring(entries)


@cache
def _derive(material: bytes, info: str) -> bytes:
    return HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=f"rxscale {info}".encode()).derive(
        material
    )


def _read_key(entry: str) -> _Key:
    key_id, _, text = entry.strip().partition(":")
    if not _KEY_ID.fullmatch(key_id):
        raise ImproperlyConfigured(
            "ENCRYPTION_KEYS: each entry is id:base64; an id is 1 to 32 letters, digits, . _ -"
        )
    try:
        material = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        material = b""
    if len(material) != _KEY_BYTES:
        raise ImproperlyConfigured(f"ENCRYPTION_KEYS: key {key_id} is not 32 bytes in base64.")
    return _Key(key_id, material)


def _split(ciphertext: bytes) -> tuple[bytes, bytes]:
    """(header, nonce and sealed bytes) of an envelope."""
    if len(ciphertext) < 2 or ciphertext[0] != _VERSION:
        raise DecryptionFailed("not an envelope of this version")
    end = 2 + ciphertext[1]
    header, body = ciphertext[:end], ciphertext[end:]
    if not header[2:].isascii() or len(body) < _NONCE_BYTES + _TAG_BYTES:
        raise DecryptionFailed("the envelope is cut off or garbled")
    return header, body


def _associated_data(header: bytes, place: Place) -> bytes:
    return header + _framed((place.table, place.column, place.organisation_uid, place.row_uid))


def _framed(parts: Iterable[str]) -> bytes:
    """Each part with its length, so that ("ab", "c") and ("a", "bc") differ."""
    encoded = (part.encode("utf-8", "surrogatepass") for part in parts)
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)
