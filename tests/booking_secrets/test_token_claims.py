"""Claims of a well-signed token that are missing, mistyped, said twice, or out of time."""

import json

import pytest

from booking_secrets.token_claims import Claims, read_claims
from booking_secrets.tokens import TokenRefused
from tests.factories import NOW

from .minting import ABSENT, NOW_EPOCH, Partner

REQUIRED = Partner.CLAIMS
TIMES = ["exp", "nbf", "iat"]
PAYLOAD = "Expected a JSON object in UTF-8 as payload, not deeply nested."
YEAR = 365 * 86400


def payload(**changes: object) -> str:
    claims = {
        "aud": "rxscale-scheduling",
        "iat": NOW_EPOCH,
        "nbf": NOW_EPOCH - 10,
        "exp": NOW_EPOCH + 300,
        "shop_identifier": "shop.example",
        "shop_customer_id": "customer-1",
        "patient_profile_fields": [],
        **changes,
    }
    return json.dumps({name: value for name, value in claims.items() if value is not ABSENT})


def refusal_of(data: str | bytes) -> tuple[str, str]:
    with pytest.raises(TokenRefused) as refusal:
        read_claims(data.encode() if isinstance(data, str) else data, now=NOW)
    return refusal.value.code, refusal.value.description


def test_claims_that_hold_are_read() -> None:
    field = {"field": "first_name", "value": None, "source": "shop"}

    assert read_claims(payload(patient_profile_fields=[field]).encode(), now=NOW) == Claims(
        shop_identifier="shop.example",
        shop_customer_id="customer-1",
        profile_fields=(("first_name", None),),
        expires_at=NOW_EPOCH + 300,
    )


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [ABSENT, None])
def test_a_claim_that_is_missing_or_null_is_named(name: str, value: object) -> None:
    assert refusal_of(payload(**{name: value})) == (
        "invalid_claims",
        f"{name}: expected, but missing.",
    )


@pytest.mark.parametrize("name", REQUIRED)
def test_a_claim_given_twice_is_named(name: str) -> None:
    once = payload()
    twice = f'{once[:-1]}, "{name}": {json.dumps(json.loads(once)[name])}}}'

    assert refusal_of(twice) == (
        "invalid_claims",
        f"{name}: expected once, but given more than once.",
    )


def test_another_key_given_twice_is_not_repeated_in_the_answer() -> None:
    assert refusal_of(payload()[:-1] + ', "x": 1, "x": 2}') == (
        "invalid_claims",
        "A key of the payload: expected once, but given more than once.",
    )


@pytest.mark.parametrize("name", TIMES)
@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        str(NOW_EPOCH),
        float(NOW_EPOCH),
        NOW_EPOCH + 0.5,
        float("nan"),
        float("inf"),
        -1,
        -(10**11),
        10**20,
        10**400,
        NOW_EPOCH * 1000,
        4_102_444_801,
        [NOW_EPOCH],
        {},
        "",
    ],
)
def test_a_time_is_an_integer_in_seconds(name: str, value: object) -> None:
    assert refusal_of(payload(**{name: value})) == (
        "invalid_claims",
        f"{name}: expected an integer, whole seconds (not milliseconds) since 1970.",
    )


@pytest.mark.parametrize(
    "aud",
    [
        ["rxscale-scheduling"],
        ["rxscale-scheduling", "other"],
        [],
        {},
        "",
        "rxscale",
        "rxscale-scheduling-2",
        "RxScale-Scheduling",
        "rxscale-scheduling ",
        "rxscale-scheduling\0",
        True,
        1,
        float("nan"),
    ],
)
def test_the_audience_is_one_string_to_the_letter(aud: object) -> None:
    assert refusal_of(payload(aud=aud)) == (
        "invalid_claims",
        "aud: expected the string rxscale-scheduling.",
    )


@pytest.mark.parametrize(("name", "longest"), [("shop_identifier", 200), ("shop_customer_id", 255)])
def test_an_identifier_is_a_string_of_bounded_length(name: str, longest: int) -> None:
    mistyped: list[object] = [7, True, [], ["x"], {}, float("nan")]
    for value in ("", "  ", "x" * (longest + 1), *mistyped):
        assert refusal_of(payload(**{name: value})) == (
            "invalid_claims",
            f"{name}: expected a string of 1 to {longest} characters.",
        )
    for value in ("a\0b", "\ud800"):
        assert refusal_of(payload(**{name: value})) == (
            "invalid_claims",
            f"{name}: expected a string without NUL and lone surrogates.",
        )


@pytest.mark.parametrize("value", ["[]", {}, {"first_name": "Paula"}, 1, True])
def test_profile_fields_are_an_array(value: object) -> None:
    assert refusal_of(payload(patient_profile_fields=value)) == (
        "invalid_claims",
        "patient_profile_fields: expected an array.",
    )


@pytest.mark.parametrize(
    "item",
    [
        None,
        "first_name",
        [],
        {},
        {"field": "email", "value": "a@b.example"},
        {"field": "email", "source": "shop"},
        {"value": "a@b.example", "source": "shop"},
        {"field": "email", "value": "a@b.example", "source": "patient"},
        {"field": "email", "value": "a@b.example", "source": ["shop"]},
        {"field": 7, "value": "x", "source": "shop"},
        {"field": " ", "value": "x", "source": "shop"},
        {"field": "x" * 201, "value": "x", "source": "shop"},
        {"field": "a\0b", "value": "x", "source": "shop"},
        {"field": "\ud800", "value": "x", "source": "shop"},
    ],
)
def test_a_malformed_profile_field_is_pointed_at(item: object) -> None:
    good = {"field": "email", "value": "a@b.example", "source": "shop"}

    code, description = refusal_of(payload(patient_profile_fields=[good, item]))

    assert code == "invalid_claims"
    assert description.endswith("item 2 is not.")


@pytest.mark.parametrize(
    ("times", "code", "description"),
    [
        (
            {"exp": NOW_EPOCH - 30},
            "token_expired",
            "exp: expected a time after now (30 seconds of leeway); missed by 30 seconds.",
        ),
        (
            {"exp": 0, "iat": NOW_EPOCH + 9999},
            "token_expired",
            f"exp: expected a time after now (30 seconds of leeway); missed by {NOW_EPOCH} seconds.",
        ),
        (
            {"nbf": NOW_EPOCH + 31},
            "invalid_claims",
            "nbf: expected a time not after now (30 seconds of leeway); missed by 31 seconds.",
        ),
        (
            {"iat": NOW_EPOCH + 31},
            "invalid_claims",
            "iat: expected a time not after now (30 seconds of leeway); missed by 31 seconds.",
        ),
        (
            {"exp": NOW_EPOCH + 901},
            "invalid_claims",
            "exp: expected at most 900 seconds after iat; missed by 1 seconds.",
        ),
        (
            {"exp": NOW_EPOCH + 10 * YEAR},
            "invalid_claims",
            f"exp: expected at most 900 seconds after iat; missed by {10 * YEAR - 900} seconds.",
        ),
        (
            {"exp": NOW_EPOCH - 5},
            "invalid_claims",
            "exp: expected a time after iat; missed by 5 seconds.",
        ),
    ],
)
def test_a_time_that_is_out_says_by_how_much(
    times: dict[str, int], code: str, description: str
) -> None:
    assert refusal_of(payload(**times)) == (code, description)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"{}{}",
        b"\xff",
        b"\0",
        payload().encode("utf-16"),
        payload().encode("utf-16-be"),
        payload().encode("utf-32"),
        b"\xef\xbb\xbf" + payload().encode(),
        payload()[:-1].encode() + b', "deep": ' + b"[" * 1300 + b"]" * 1300 + b"}",
        payload()[:-1].encode() + b', "deep": ' + b"[" * 9 + b"]" * 9 + b"}",
        payload()[:-1].encode() + b', "big": ' + b"1" * 5000 + b"}",
    ],
)
def test_a_payload_that_is_no_json_object_is_unparseable(data: bytes) -> None:
    assert refusal_of(data) == ("invalid_header", PAYLOAD)


def test_a_refusal_never_repeats_a_value() -> None:
    canary = "canary-7f3a"
    for name in REQUIRED:
        _, description = refusal_of(payload(**{name: {canary: canary}}))
        assert canary not in description
