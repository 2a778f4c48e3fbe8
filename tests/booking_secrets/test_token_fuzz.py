"""Whatever arrives as a token is accepted or refused with a code of the contract: nothing else comes out."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from booking_secrets import tokens
from booking_secrets.tokens import BookingToken, TokenRefused
from tests.factories import NOW
from tests.fuzzing import examples, seconds

from .minting import Partner

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(seconds(120))]

CODES = {"invalid_header", "token_expired", "invalid_claims"}
fuzz = settings(
    max_examples=examples(300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


def judged(token: str) -> BookingToken | None:
    """None when refused; every refusal has a code, and never costs more than two queries."""
    with CaptureQueriesContext(connection) as queries:
        outcome = _outcome(token)
    if isinstance(outcome, BookingToken):
        return outcome
    assert outcome.code in CODES
    assert outcome.description
    assert len(queries) <= 2
    return None


def _outcome(token: str) -> BookingToken | TokenRefused:
    try:
        return tokens.verify(token, now=NOW)
    except TokenRefused as refusal:
        return refusal


@fuzz
@given(st.text(alphabet=st.characters(codec=None), max_size=200))
def test_any_text(partner: Partner, text: str) -> None:
    assert judged(text) is None


@fuzz
@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_under_a_good_signature(partner: Partner, header: bytes, payload: bytes) -> None:
    assert judged(partner.signed(header or b" ", payload or b" ")) is None


@fuzz
@given(st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "x"]), values, min_size=1))
def test_any_header_parameters(partner: Partner, changes: dict[str, object]) -> None:
    header = json.dumps({**partner.header(), **changes})
    token = judged(partner.signed(header, json.dumps(partner.claims())))

    assert token is None or json.loads(header) in (partner.header(), partner.header(typ="jwt"))


@fuzz
@given(st.dictionaries(st.sampled_from([*Partner.CLAIMS, "jti"]), values, min_size=1))
def test_any_claims(partner: Partner, changes: dict[str, object]) -> None:
    token = judged(partner.token(**changes))

    if token is not None:
        assert set(changes) <= {"jti", "nbf", "shop_customer_id", "patient_profile_fields"}


@fuzz
@given(st.data())
def test_one_character_changed(partner: Partner, data: st.DataObject) -> None:
    token = partner.documented()
    index = data.draw(st.integers(0, len(token) - 1))
    character = data.draw(st.characters(codec="ascii").filter(lambda char: char != token[index]))

    assert judged(token[:index] + character + token[index + 1 :]) is None
