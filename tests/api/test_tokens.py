"""Forged, odd and stale booking tokens, sent over HTTP: 401 each, with the documented code."""

import base64
import hashlib
import hmac
import json
import time
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from booking_secrets import secrets
from common.clock import utc_now
from tests.factories import ADMIN, make_shop

from .world import TOKEN_HEADER, Clinic, Partner, make_clinic, mint, with_token

NOW = int(time.time())
CODES = {"invalid_header", "token_expired", "invalid_claims"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(clinic: Clinic, header: Any, payload: Any, *, digest: Any = hashlib.sha256) -> str:
    """By hand, so that what no library would write can be sent; the signature holds."""
    parts = [
        b64(part if isinstance(part, bytes) else json.dumps(part).encode())
        for part in (header, payload)
    ]
    text = ".".join(parts)
    signature = hmac.new(clinic.secret_text.encode(), text.encode(), digest).digest()
    return f"{text}.{b64(signature)}"


def header(clinic: Clinic, **fields: Any) -> dict[str, Any]:
    return {"alg": "HS256", "typ": "JWT", "kid": clinic.secret.key_id, **fields}


def claims(clinic: Clinic, **fields: Any) -> dict[str, Any]:
    now = int(time.time())
    return {
        "aud": "rxscale-scheduling",
        "iat": now,
        "nbf": now - 10,
        "exp": now + 300,
        "shop_identifier": clinic.shop.identifier,
        "shop_customer_id": "customer-1",
        "patient_profile_fields": [],
        **fields,
    }


def refusal(token: str) -> str:
    with CaptureQueriesContext(connection) as queries:
        response = Partner({TOKEN_HEADER: token}).get("/appointments")
    assert response.status_code == 401, response.content
    assert set(response.json()) == {"code", "description"}
    assert response.json()["code"] in CODES
    assert len(queries) <= 2  # the secret, and for an otherwise good token its shop
    return str(response.json()["code"])


def test_the_documented_token_is_accepted(clinic: Clinic) -> None:
    by_hand = signed(clinic, header(clinic), claims(clinic))

    assert with_token(clinic).get("/appointments").status_code == 200
    assert Partner({TOKEN_HEADER: by_hand}).get("/appointments").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"alg": "none"},
        {"alg": "None"},
        {"alg": "nOnE"},
        {"alg": "HS384"},
        {"alg": "RS256"},
        {"alg": None},
        {"kid": None},
        {"kid": 7},
        {"kid": ""},
        {"kid": "../../etc/passwd"},
        {"kid": "' OR 1=1 --"},
        {"kid": "a\u0000b"},
        {"kid": "\ud800"},
        {"kid": "k" * 9000},
        {"crit": ["exp"]},
        {"b64": False},
        {"zip": "DEF"},
        {"jku": "https://evil.example/keys"},
        {"x5u": "https://evil.example/cert"},
        {"jwk": {"kty": "oct", "k": "AAAA"}},
    ],
    ids=count(),  # the values hold the time: no names that two runners would agree on
)
def test_an_odd_header_is_refused(clinic: Clinic, fields: dict[str, Any]) -> None:
    assert refusal(signed(clinic, header(clinic, **fields), claims(clinic))) == "invalid_header"


def test_the_signature_must_be_hs256_over_these_bytes(clinic: Clinic) -> None:
    good = signed(clinic, header(clinic), claims(clinic))
    text, signature = good.rsplit(".", 1)
    other = make_clinic(name="Elsewhere")
    forgeries = [
        f"{text}.",
        text,
        f"{text}.{signature[:-2]}",
        f"{text}.{signature}=",
        f"{text}.{signature}.{signature}",
        f" {good}",
        signed(clinic, header(clinic, alg="HS384"), claims(clinic), digest=hashlib.sha384),
        signed(other, header(clinic), claims(clinic)),
        mint(clinic.secret.key_id, "guess" * 10, shop_identifier="x", shop_customer_id="y"),
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "x" * 20_000,
    ]

    assert {refusal(token) for token in forgeries} == {"invalid_header"}


@pytest.mark.parametrize(
    "fields",
    [
        {"aud": ["rxscale-scheduling"]},
        {"aud": "rxscale"},
        {"aud": "RXSCALE-SCHEDULING"},
        {"aud": None},
        {"exp": str(NOW + 300)},
        {"exp": True},
        {"exp": float(NOW + 300)},
        {"exp": (NOW + 300) * 1000},
        {"exp": NOW + 10 * 365 * 86_400},
        {"exp": 10**400},
        {"nbf": NOW + 86_400},
        {"iat": None},
        {"shop_identifier": "elsewhere.example"},
        {"shop_identifier": 5},
        {"shop_customer_id": ""},
        {"shop_customer_id": "a\u0000b"},
        {"shop_customer_id": "\ud800"},
        {"shop_customer_id": 5},
        {"shop_customer_id": None},
        {"patient_profile_fields": {}},
        {"patient_profile_fields": ["first_name"]},
        {"patient_profile_fields": [{"field": 5, "value": "x", "source": "shop"}]},
    ],
    ids=count(),  # the values hold the time: no names that two runners would agree on
)
def test_odd_claims_are_refused_once_the_signature_holds(
    clinic: Clinic, fields: dict[str, Any]
) -> None:
    token = signed(clinic, header(clinic), claims(clinic, **fields))

    assert refusal(token) == "invalid_claims"


@pytest.mark.parametrize("name", sorted({"aud", "exp", "nbf", "iat", "shop_identifier"}))
def test_a_missing_claim_is_refused(clinic: Clinic, name: str) -> None:
    payload = claims(clinic)
    del payload[name]

    assert refusal(signed(clinic, header(clinic), payload)) == "invalid_claims"


def test_payloads_that_are_no_plain_object_are_refused(clinic: Clinic) -> None:
    plain = json.dumps(claims(clinic)).encode()
    payloads: list[Any] = [
        b"[" * 1300,
        b'{"a":' * 1300 + b"1" + b"}" * 1300,
        plain.decode().encode("utf-16"),
        b"\xef\xbb\xbf" + plain,
        plain[:-1] + b',"exp":1}',
        plain.replace(b'"exp": ', b'"exp": NaN, "x": '),
        b"null",
        b"",
    ]

    codes = {refusal(signed(clinic, header(clinic), payload)) for payload in payloads}
    assert codes <= {"invalid_header", "invalid_claims"}


def test_an_expired_token_says_by_how_much(clinic: Clinic) -> None:
    now = int(time.time())
    token = clinic.token(iat=now - 400, nbf=now - 410, exp=now - 100)

    response = Partner({TOKEN_HEADER: token}).get("/appointments")

    assert (response.status_code, response.json()["code"]) == (401, "token_expired")
    assert "exp" in response.json()["description"]


def test_a_token_of_another_organisation_or_shop_reaches_nothing_of_ours(clinic: Clinic) -> None:
    other = make_clinic(name="Elsewhere")
    row = clinic.appointment(clinic.patient())

    crossed = other.token(shop_identifier=clinic.shop.identifier)
    theirs = with_token(other).get(f"/appointments/{row.uid}")

    assert refusal(crossed) == "invalid_claims"
    assert theirs.status_code == 404


def test_a_secret_bound_to_a_shop_speaks_for_that_shop_only(clinic: Clinic) -> None:
    bound, text = secrets.create(
        clinic.organisation, name="One shop", shop=clinic.shop, actor=ADMIN, now=utc_now()
    )
    second = make_shop(organisation=clinic.organisation)

    def token(identifier: str) -> str:
        return mint(bound.key_id, text, shop_identifier=identifier, shop_customer_id="c")

    own = Partner({TOKEN_HEADER: token(clinic.shop.identifier)}).get("/appointments")
    assert own.status_code == 200
    assert refusal(token(second.identifier)) == "invalid_claims"


def test_a_revoked_secret_is_refused_with_the_next_call(clinic: Clinic) -> None:
    partner = with_token(clinic)
    assert partner.get("/appointments").status_code == 200

    secrets.revoke(clinic.secret, actor=ADMIN, now=utc_now())

    assert refusal(partner.headers[TOKEN_HEADER]) == "invalid_header"


def test_a_token_in_the_url_is_no_credential(clinic: Clinic) -> None:
    response = Partner().get("/appointments", **{TOKEN_HEADER: clinic.token()})

    assert response.json()["code"] == "authorization_header_missing"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-1e999", "1" * 400])
def test_a_number_that_cannot_be_stored_is_no_5xx(clinic: Clinic, number: str) -> None:
    clinic.organisation.extra_patient_fields = ["weight"]
    clinic.organisation.save()
    field = {"field": "weight", "value": "?", "source": "shop"}
    payload = json.dumps(claims(clinic, patient_profile_fields=[field])).replace('"?"', number)
    partner = Partner({TOKEN_HEADER: signed(clinic, header(clinic), payload.encode())})

    response = partner.post("/booking-launch-codes")

    assert response.status_code in (201, 401)
    if response.status_code == 201:
        assert [warning["field"] for warning in response.json()["warnings"]] == ["weight"]
