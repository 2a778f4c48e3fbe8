"""Every way a booking token can be wrong: its code, its words, and at most one query."""

import json
import socket
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking_secrets import tokens
from booking_secrets.tokens import TokenRefused
from tests.factories import NOW

from .minting import ABSENT, NOW_EPOCH, Partner, documented_token, part, signature

FORM = "Expected a signed JWT: three parts in base64url, joined by dots."
HEADER_FORM = "The token's header is not a plain JSON object in base64url."
PARAMETERS = "The token's header may hold alg, kid and typ, nothing else."
KID = "kid: expected the key_id of a booking secret."
SIGNATURE = "The signature was not made with the secret that kid names."
PAYLOAD = "Expected a JSON object in UTF-8 as payload, not deeply nested."
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
NESTED = "[" * 1300 + "]" * 1300


@pytest.fixture(autouse=True)
def _no_outgoing_connection(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the store that counts refusals may be dialled."""
    connection.ensure_connection()
    store = urlsplit(settings.REDIS_URL).port or 6379
    connect = socket.socket.connect

    def refuse_elsewhere(self: socket.socket, address: tuple[str, int]) -> None:
        if address[1] != store:
            raise AssertionError("a token made us dial out")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refuse_elsewhere)


def refusal_of(token: str, *, queries: int = 1, seconds_later: int = 0) -> tuple[str, str]:
    """Code and description of the refusal; it may cost exactly `queries` queries."""
    with CaptureQueriesContext(connection) as captured, pytest.raises(TokenRefused) as refusal:
        tokens.verify(token, now=NOW + timedelta(seconds=seconds_later))
    assert len(captured) == queries
    return refusal.value.code, refusal.value.description


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b",
        "a.b.c.d",
        "not a token",
        "Bearer x.y.z",
        "x" * 8192,
        "\0",
        "\ud800",
        "ä.ö.ü",
        "\x00.\x00.\x00",
        f"{'a' * 20}.{'b' * 20}.{'ä' * 43}",
        f"{'a' * 20}.{'b' * 20}.{'a' * 43}\n",
    ],
)
def test_what_is_no_compact_jwt_costs_no_query(token: str) -> None:
    assert refusal_of(token, queries=0) == ("invalid_header", FORM)


@pytest.mark.parametrize("size", [8193, 1_000_000])
def test_a_long_token_is_refused_before_it_is_parsed(partner: Partner, size: int) -> None:
    token = partner.token(extra="x" * size)

    assert refusal_of(token, queries=0) == ("invalid_header", "Expected at most 8192 characters.")


ALGORITHMS = ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "ES256", "PS256"]


@pytest.mark.parametrize(
    "alg", [*ALGORITHMS, "hs256", "HS256 ", "HS256\0", None, True, 256, ["HS256"], {}, ABSENT]
)
def test_only_hs256_to_the_letter_is_an_algorithm(partner: Partner, alg: object) -> None:
    assert refusal_of(partner.token_with_header(alg=alg), queries=0) == (
        "invalid_header",
        "alg: expected HS256.",
    )


def test_an_unsigned_token_is_refused(partner: Partner) -> None:
    unsigned = part(json.dumps(partner.header(alg="none"))) + "." + part("{}") + "."

    assert refusal_of(unsigned, queries=0) == ("invalid_header", FORM)


@pytest.mark.parametrize("digest", ["sha384", "sha512", "sha1"])
def test_another_hash_under_the_name_of_hs256_is_refused(partner: Partner, digest: str) -> None:
    token = partner.signed(json.dumps(partner.header()), json.dumps(partner.claims()), digest)

    assert refusal_of(token, queries=0) == ("invalid_header", FORM)


@pytest.mark.parametrize(
    "kid",
    [
        ABSENT,
        None,
        7,
        True,
        [],
        {},
        "",
        " ",
        "../../../etc/passwd",
        "/dev/null",
        "' OR 1=1 --",
        "x" * 41,
        "x" * 5000,
        "bsk-a\0b",
        "\ud800",
        "bsk-ä",
        "bsk-a\n",
    ],
)
def test_a_kid_that_can_be_no_key_id_never_reaches_the_database(
    partner: Partner, kid: object
) -> None:
    assert refusal_of(partner.token_with_header(kid=kid), queries=0) == ("invalid_header", KID)


def test_a_kid_of_9000_characters_is_refused(partner: Partner) -> None:
    token = partner.token_with_header(kid="x" * 9000)

    assert refusal_of(token, queries=0)[0] == "invalid_header"


def test_a_kid_nobody_has_is_refused_like_a_revoked_one(partner: Partner) -> None:
    for kid in ("bsk-nobody", partner.secret.key_id.upper(), partner.secret.key_id[:-1], "%"):
        code, _ = refusal_of(partner.token_with_header(kid=kid), queries=0 if kid == "%" else 1)
        assert code == "invalid_header"


@pytest.mark.parametrize("typ", ["JWE", "Jwt", "application/jwt", "", None, 1, ["JWT"]])
def test_another_typ_is_refused(partner: Partner, typ: object) -> None:
    assert refusal_of(partner.token_with_header(typ=typ), queries=0) == (
        "invalid_header",
        "typ: expected JWT.",
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("jwk", {"kty": "oct", "k": "c2VjcmV0"}),
        ("jku", "https://attacker.example/keys.json"),
        ("x5u", "https://attacker.example/cert.pem"),
        ("x5c", ["MIIB"]),
        ("crit", ["b64"]),
        ("crit", []),
        ("b64", False),
        ("b64", True),
        ("zip", "DEF"),
        ("enc", "A256GCM"),
        ("cty", "JWT"),
        ("", ""),
        ("KID", "bsk-other"),
    ],
)
def test_any_other_header_parameter_is_refused(partner: Partner, name: str, value: object) -> None:
    token = partner.token_with_header(**{name: value})

    assert refusal_of(token, queries=0) == ("invalid_header", PARAMETERS)


HEADERS: dict[str, Callable[[dict[str, object]], bytes]] = {
    "UTF-16": lambda header: json.dumps(header).encode("utf-16"),
    "UTF-16 without BOM": lambda header: json.dumps(header).encode("utf-16-le"),
    "UTF-32": lambda header: json.dumps(header).encode("utf-32"),
    "BOM": lambda header: b"\xef\xbb\xbf" + json.dumps(header).encode(),
    "Latin-1": lambda header: json.dumps(header).encode()[:-1] + b', "\xe4": 1}',
    "array": lambda header: json.dumps([header]).encode(),
    "text": lambda header: json.dumps(json.dumps(header)).encode(),
    "number": lambda _: b"1",
    "null": lambda _: b"null",
    "empty": lambda _: b" ",
    "single quotes": lambda header: repr(header).encode(),
    "two objects": lambda header: json.dumps(header).encode() * 2,
    "nested": lambda _: f'{{"kid": {NESTED}}}'.encode(),
    "nested 9 deep": lambda _: b'{"kid": ' + b"[" * 9 + b"]" * 9 + b"}",
    "alg twice": lambda header: b'{"alg": "none", ' + json.dumps(header).encode()[1:],
    "kid twice": lambda header: json.dumps(header).encode()[:-1] + b', "kid": "bsk-other"}',
    "a number of 5,000 digits": lambda _: b'{"kid": ' + b"1" * 5000 + b"}",
}


@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_is_no_plain_json_object_is_refused(partner: Partner, name: str) -> None:
    token = partner.signed(HEADERS[name](partner.header()), json.dumps(partner.claims()))

    assert refusal_of(token, queries=0) == ("invalid_header", HEADER_FORM)


def test_a_deeply_nested_token_cannot_exhaust_the_parser(partner: Partner) -> None:
    token = partner.signed(json.dumps(partner.header()), f'{{"aud": {NESTED}}}')

    assert refusal_of(token) == ("invalid_header", PAYLOAD)


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("suffix", ["=", "==", "\n", "+", "/", "!"])
def test_padded_parts_and_foreign_characters_are_refused(
    partner: Partner, index: int, suffix: str
) -> None:
    parts = partner.documented().split(".")
    parts[index] += suffix

    assert refusal_of(".".join(parts), queries=0) == ("invalid_header", FORM)


@pytest.mark.parametrize("cut", [1, 10, 43, 44, 60, 200])
def test_a_truncated_token_is_refused(partner: Partner, cut: int) -> None:
    assert refusal_of(partner.documented()[:-cut], queries=0)[0] == "invalid_header"


def test_a_non_canonical_signature_is_refused(partner: Partner) -> None:
    """The last of 43 characters carries 4 bits: three neighbours decode to the same bytes."""
    token = partner.documented()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    first = alphabet.index(token[-1])

    for other in range(first + 1, first + 4):
        assert refusal_of(token[:-1] + alphabet[other]) == ("invalid_header", SIGNATURE)


def test_a_non_canonical_header_is_refused(partner: Partner) -> None:
    header = json.dumps(partner.header())
    header += " " * ((1 - len(header)) % 3)  # the last character then has four spare bits
    changed = part(header)[:-1] + chr(ord(part(header)[-1]) + 1)
    signing_input = f"{changed}.{part(json.dumps(partner.claims()))}"
    token = f"{signing_input}.{signature(signing_input, partner.text)}"

    assert refusal_of(token, queries=0) == ("invalid_header", HEADER_FORM)


@pytest.mark.parametrize("key", ["", "secret", PEM, "\0" * 32])
def test_a_signature_by_a_guessable_key_is_refused(partner: Partner, key: str) -> None:
    signing_input = f"{part(json.dumps(partner.header()))}.{part(json.dumps(partner.claims()))}"
    token = f"{signing_input}.{signature(signing_input, key)}"

    assert refusal_of(token) == ("invalid_header", SIGNATURE)


def test_nothing_of_the_payload_is_read_before_the_signature_holds(partner: Partner) -> None:
    stranger = Partner(partner.secret, "x" * 43, partner.shop)

    for payload in (NESTED, "{}", "[]", "\0", json.dumps(partner.claims(exp=1))):
        token = stranger.signed(json.dumps(partner.header()), payload)
        assert refusal_of(token) == ("invalid_header", SIGNATURE)


def test_a_changed_payload_is_refused(partner: Partner) -> None:
    mine, theirs = partner.token().split("."), partner.token(shop_customer_id="other").split(".")

    assert refusal_of(".".join([mine[0], theirs[1], mine[2]])) == ("invalid_header", SIGNATURE)


def test_an_expired_token_has_its_own_code(partner: Partner) -> None:
    token = documented_token(
        partner.secret.key_id, partner.text, partner.shop.identifier, now=NOW_EPOCH
    )

    assert refusal_of(token, seconds_later=342) == (
        "token_expired",
        "exp: expected a time after now (30 seconds of leeway); missed by 42 seconds.",
    )
    assert refusal_of(token, seconds_later=330)[0] == "token_expired"
