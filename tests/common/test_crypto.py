"""Columns decrypt only where they belong; links go on verifying with every key of the ring."""

import base64
from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from common import crypto
from common.crypto import DecryptionFailed, Place

OLD = "old:" + base64.b64encode(b"o" * 32).decode()
NEW = "new:" + base64.b64encode(b"n" * 32).decode()
PLACE = Place("secrets", "ciphertext", "org-1", "row-1")


@pytest.fixture(autouse=True)
def _ring(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]


def test_what_was_encrypted_decrypts_in_its_place() -> None:
    assert crypto.decrypt(crypto.encrypt("Grüße\0".encode(), PLACE), PLACE) == "Grüße\0".encode()


def test_the_same_text_never_encrypts_to_the_same_bytes() -> None:
    assert crypto.encrypt(b"text", PLACE) != crypto.encrypt(b"text", PLACE)


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, table="others"),
        replace(PLACE, column="previous"),
        replace(PLACE, organisation_uid="org-2"),
        replace(PLACE, row_uid="row-2"),
        replace(PLACE, organisation_uid="org-1r", row_uid="ow-1"),
    ],
)
def test_a_ciphertext_moved_elsewhere_does_not_decrypt(elsewhere: Place) -> None:
    ciphertext = crypto.encrypt(b"text", PLACE)

    with pytest.raises(DecryptionFailed):
        crypto.decrypt(ciphertext, elsewhere)


def test_no_byte_of_a_ciphertext_can_be_altered() -> None:
    ciphertext = crypto.encrypt(b"text", PLACE)

    for index in range(len(ciphertext)):
        altered = bytearray(ciphertext)
        altered[index] ^= 1
        with pytest.raises(DecryptionFailed):
            crypto.decrypt(bytes(altered), PLACE)


@pytest.mark.parametrize("length", [0, 1, 2, 5, 20, 32])
def test_a_cut_off_ciphertext_is_refused(length: int) -> None:
    with pytest.raises(DecryptionFailed):
        crypto.decrypt(crypto.encrypt(b"text", PLACE)[:length], PLACE)


def test_a_new_first_key_encrypts_and_the_old_one_still_decrypts(
    settings: Settings,
) -> None:
    old = crypto.encrypt(b"text", PLACE)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    new = crypto.encrypt(b"text", PLACE)

    assert not crypto.is_encrypted_with_first_key(old)
    assert crypto.is_encrypted_with_first_key(new)
    assert crypto.decrypt(old, PLACE) == crypto.decrypt(new, PLACE) == b"text"


def test_a_key_that_left_the_ring_decrypts_nothing(settings: Settings) -> None:
    ciphertext = crypto.encrypt(b"text", PLACE)
    settings.ENCRYPTION_KEYS = [NEW]

    with pytest.raises(DecryptionFailed, match="key old is not in ENCRYPTION_KEYS"):
        crypto.decrypt(ciphertext, PLACE)


def test_another_key_under_the_same_id_decrypts_nothing(settings: Settings) -> None:
    ciphertext = crypto.encrypt(b"text", PLACE)
    settings.ENCRYPTION_KEYS = [NEW.replace("new:", "old:")]

    with pytest.raises(DecryptionFailed):
        crypto.decrypt(ciphertext, PLACE)


def test_a_mac_is_url_safe_and_24_characters_long() -> None:
    made = crypto.mac("join", "at-1", "nonce")

    assert len(made) == 24
    assert made.replace("-", "").replace("_", "").isalnum()


def test_a_mac_matches_only_its_own_purpose_and_parts() -> None:
    made = crypto.mac("join", "ab", "c")

    assert crypto.mac_matches(made, "join", "ab", "c")
    assert not crypto.mac_matches(made, "manage", "ab", "c")
    assert not crypto.mac_matches(made, "join", "a", "bc")
    assert not crypto.mac_matches(made, "join", "ab", "c", "")


@pytest.mark.parametrize("given", ["", "x", "é" * 24, "\ud800", "\0" * 24])
def test_a_garbled_mac_does_not_match_and_does_not_raise(given: str) -> None:
    assert not crypto.mac_matches(given, "join", "at-1")


def test_a_link_made_with_an_older_key_goes_on_verifying(settings: Settings) -> None:
    old = crypto.mac("join", "at-1")
    settings.ENCRYPTION_KEYS = [NEW, OLD]

    assert crypto.mac("join", "at-1") != old
    assert crypto.mac_matches(old, "join", "at-1")
    settings.ENCRYPTION_KEYS = [NEW]
    assert not crypto.mac_matches(old, "join", "at-1")


@pytest.mark.parametrize(
    ("ring", "complaint"),
    [
        ([], "is empty"),
        ([OLD, OLD], "same key id twice"),
        (["nocolon"], "is not 32 bytes"),
        ([":" + "A" * 44], "each entry is id:base64"),
        (["k:%%%"], "key k is not 32 bytes"),
        (["k:" + base64.b64encode(b"s" * 31).decode()], "key k is not 32 bytes"),
    ],
)
def test_a_ring_that_cannot_be_used_says_what_is_wrong(ring: list[str], complaint: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=complaint):
        crypto.read_ring(ring)
