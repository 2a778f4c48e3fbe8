"""A token that was changed in any way speaks for nobody, and is answered, not stumbled over: FUZZ_TOKENS of them."""

import base64
import json
import random
from collections import Counter
from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from booking_secrets import tokens
from booking_secrets.tokens import TokenRefused
from common.clock import utc_now
from tests.api.world import BASE, TOKEN_HEADER, Clinic, make_clinic, mint
from tests.fuzzing import MUTATED_TOKENS, seconds

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(seconds(120)), pytest.mark.django_db]

CODES = {"invalid_header", "token_expired", "invalid_claims"}
BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
ANY = [*map(chr, range(32, 127)), *map(chr, range(160, 256))]
VALUES: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    2**63,
    1e308,
    "",
    "none",
    "RS256",
    "../../etc/passwd",
    "' OR 1=1 --",
    [],
    {},
)
Mutation = Callable[[random.Random, str], str]


def changed(chance: random.Random, token: str) -> str:
    at = chance.randrange(len(token))
    return token[:at] + chance.choice(BASE64) + token[at + 1 :]


def with_anything(chance: random.Random, token: str) -> str:
    at = chance.randrange(len(token) + 1)
    return token[:at] + "".join(chance.choices(ANY, k=chance.randint(1, 4))) + token[at:]


def shorter(chance: random.Random, token: str) -> str:
    start, end = sorted(chance.sample(range(len(token) + 1), 2))
    return token[:start] + token[end:]


def swapped(chance: random.Random, token: str) -> str:
    parts = token.split(".")
    chance.shuffle(parts)
    return ".".join(parts)


def of_other_parts(chance: random.Random, token: str) -> str:
    parts = [*token.split("."), "", "e30", "bnVsbA"]
    return ".".join(chance.choices(parts, k=chance.randint(1, 5)))


def of_other_case(chance: random.Random, token: str) -> str:
    at = chance.randrange(len(token))
    return token[:at] + token[at:].swapcase()


def padded(chance: random.Random, token: str) -> str:
    parts = token.split(".")
    at = chance.randrange(3)
    parts[at] += chance.choice(["=", "==", "A", "%3D", "\t", " ", "."])
    return ".".join(parts)


def of_another_json(chance: random.Random, token: str) -> str:
    """A header or a claim of another value, under the signature as it was, or under none."""
    header, payload, signature = token.split(".")
    which = chance.randrange(2)
    part = [header, payload][which]
    fields = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    fields[chance.choice([*fields, "jwk", "crit", "x5u"])] = chance.choice(VALUES)
    again = base64.urlsafe_b64encode(json.dumps(fields).encode()).rstrip(b"=").decode()
    return ".".join(
        [*([again, payload] if which == 0 else [header, again]), chance.choice([signature, ""])]
    )


MUTATIONS: tuple[Mutation, ...] = (
    changed,
    with_anything,
    shorter,
    swapped,
    of_other_parts,
    of_other_case,
    padded,
    of_another_json,
)


def under_another_secret(clinic: Clinic) -> str:
    return mint(
        clinic.secret.key_id,
        clinic.secret_text[::-1],
        shop_identifier=clinic.shop.identifier,
        shop_customer_id="customer-1",
    )


def test_no_mutated_token_is_accepted_and_none_is_stumbled_over(settings: Settings) -> None:
    """Each is refused with a code of the contract, and raises nothing else; one of fifty is sent to the API."""
    settings.RATE_LIMIT = "off"
    clinic, chance = make_clinic(), random.Random(20261126)
    client, refused = Client(raise_request_exception=False), Counter[str]()
    for number in range(MUTATED_TOKENS):
        if number % 500 == 0:  # it lives for five minutes
            token = clinic.token()
            assert tokens.verify(token, now=utc_now()).shop == clinic.shop
        start = under_another_secret(clinic) if chance.random() < 0.1 else token
        while (mutated := chance.choice(MUTATIONS)(chance, start)) == token:
            pass  # some change nothing, such as three parts that were shuffled into their places
        refused[code_of(mutated)] += 1
        if number % 50 == 0:
            assert status_of(client, mutated) == 401, mutated

    assert set(refused) <= CODES
    assert refused.total() == MUTATED_TOKENS
    print(f"{refused.total():,} mutated tokens, none accepted: {dict(refused)}")  # noqa: T201  # for `make fuzz`


def code_of(token: str) -> str:
    with pytest.raises(TokenRefused) as refusal:
        tokens.verify(token, now=utc_now())
    return refusal.value.code


def status_of(client: Client, token: str) -> int:
    return client.get(f"{BASE}/appointments", headers={TOKEN_HEADER: token}).status_code
