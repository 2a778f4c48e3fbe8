"""Verifying a booking token, against a bare `jwt.decode` with one raw query; and refusing what is none."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import jwt
from django.db import connection

from booking_secrets.tokens import TokenRefused, verify
from tests.api.world import make_clinic

from .figures import Figure, medians


def measure(*, quick: bool) -> Iterator[Figure]:
    clinic = make_clinic()
    token, secret, key_id = clinic.token(), clinic.secret_text, clinic.secret.key_id
    verify(token, now=datetime.now(UTC))  # records the use, once a minute

    def ours() -> None:
        verify(token, now=datetime.now(UTC))

    def bare() -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, ciphertext FROM booking_secrets_bookingsecret WHERE key_id = %s",
                [key_id],
            )
            cursor.fetchone()
        jwt.decode(token, secret, algorithms=["HS256"], audience="rxscale-scheduling")

    def refused(text: str) -> None:
        with suppress(TokenRefused):
            verify(text, now=datetime.now(UTC))

    forged = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
    garbage = f"{time.time()}." * 3
    took = medians(
        {
            "ours": ours,
            "bare": bare,
            "forged": lambda: refused(forged),
            "garbage": lambda: refused(garbage),
        },
        rounds=50 if quick else 400,
    )
    floor, floor_is = took["bare"], "jwt.decode and one query"
    yield Figure("tokens", "a good token", took["ours"], "ms", floor, floor_is)
    yield Figure("tokens", "a forged one, refused", took["forged"], "ms", floor, floor_is)
    yield Figure(
        "tokens", "garbage, refused without a query", took["garbage"], "ms", floor, floor_is
    )
