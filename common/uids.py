"""Opaque prefixed identifiers: what other programs and people see instead of row numbers."""

import secrets

# No vowels but a few, no 0/o/1/l: nothing that reads as a word or as another character.
_ALPHABET = b"23456789abcdefghjkmnpqrstuvwxyz"
_LENGTH = 22  # 22 characters of 31 are 109 bits: never guessed, never met twice

# Byte to character, evenly: 248 = 8 × 31 bytes are used, the few above are thrown away. One call of the
# system's generator per uid instead of one per character: thousands are made in one pass.
_EVEN = 256 - 256 % len(_ALPHABET)
_CHARACTERS = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_SURPLUS = bytes(range(_EVEN, 256))


def new_uid(prefix: str) -> str:
    return f"{prefix}-{random_text(_LENGTH)}"


def random_text(length: int) -> str:
    text = b""
    while len(text) < length:
        text += secrets.token_bytes(length + 4).translate(_CHARACTERS, _SURPLUS)
    return text[:length].decode()
