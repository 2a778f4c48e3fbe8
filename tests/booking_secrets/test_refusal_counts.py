"""Refused tokens are counted per organisation, secret and reason; a token that is only looked at leaves no trace."""

import socket
import time
from datetime import datetime, timedelta

import pytest
from django.conf import LazySettings
from redis import Redis

from booking_secrets import refusal_counts, secrets, tokens
from booking_secrets.models import BookingSecret
from booking_secrets.refusal_counts import Refusals
from booking_secrets.tokens import TokenRefused
from common.redis_store import TIMEOUT_SECONDS
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .conftest import make_partner
from .minting import ABSENT, Partner

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture
def partner(db: None) -> Partner:
    """Not the standing one of the others: refusals are counted in Redis, by the organisation."""
    return make_partner()


@pytest.fixture(autouse=True)
def closed_breaker() -> None:
    refusal_counts.breaker.close()


def refused(token: str, now: datetime = NOW) -> TokenRefused:
    with pytest.raises(TokenRefused) as raised:
        tokens.verify(token, now=now)
    return raised.value


def counts(partner: Partner, now: datetime = NOW) -> list[Refusals]:
    found = refusal_counts.read(partner.secret.organisation.uid, now=now)
    assert found is not None
    return list(found)


def test_refusals_are_counted_by_secret_and_reason(partner: Partner) -> None:
    for _ in range(2):
        refused(partner.token(aud="somebody-else"))
    refused(partner.token(exp=0))
    refused(partner.documented()[:-5] + "AAAAA")
    key_id = partner.secret.key_id
    assert counts(partner)[0] == Refusals(key_id, "invalid_claims/aud", 2)
    assert set(counts(partner)[1:]) == {
        Refusals(key_id, "token_expired/exp", 1),
        Refusals(key_id, "invalid_header/", 1),
    }


def test_a_revoked_secret_is_counted_and_answered_like_an_unknown_one(partner: Partner) -> None:
    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)
    known = refused(partner.documented())
    unknown = refused(partner.token_with_header(kid="bsk-nobody"))
    assert (known.code, known.description) == (unknown.code, unknown.description)
    assert counts(partner) == [Refusals(partner.secret.key_id, "invalid_header/kid", 1)]


def test_an_unknown_kid_and_a_malformed_token_count_nowhere(partner: Partner) -> None:
    refused(partner.token_with_header(kid="bsk-nobody"))
    refused(partner.token_with_header(kid=ABSENT))
    refused("garbage")
    assert counts(partner) == []


def test_an_accepted_token_counts_nothing(partner: Partner) -> None:
    tokens.verify(partner.documented(), now=NOW)
    assert counts(partner) == []


def test_refusals_of_a_day_ago_are_left_out(partner: Partner) -> None:
    refusal_counts.count(partner.secret.organisation.uid, "bsk-1", "invalid_header/", now=NOW)
    last = NOW + timedelta(hours=23, minutes=59)
    assert refusal_counts.counted_since(last) == NOW
    assert [found.count for found in counts(partner, last)] == [1]
    assert counts(partner, NOW + timedelta(hours=24)) == []


def test_counts_go_away_by_themselves(partner: Partner, settings: LazySettings) -> None:
    refused(partner.token(aud="somebody-else"))
    store = Redis.from_url(settings.REDIS_URL)
    keys = list(store.scan_iter(f"*token-refusals:{partner.secret.organisation.uid}:*"))
    assert len(keys) == 1
    assert 24 * 3600 < int(str(store.ttl(keys[0]))) <= 25 * 3600
    store.close()


def test_without_redis_the_answer_is_the_same_and_the_counts_are_unknown(
    partner: Partner, settings: LazySettings
) -> None:
    settings.REDIS_URL = NOBODY
    assert refused(partner.token(aud="somebody-else")).code == "invalid_claims"
    assert refusal_counts.read(partner.secret.organisation.uid, now=NOW) is None


def test_a_store_that_hangs_is_asked_once(partner: Partner, settings: LazySettings) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        settings.REDIS_URL = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"
        refused(partner.token(aud="somebody-else"))
        assert refusal_counts.breaker.is_open()
        began = time.monotonic()
        for _ in range(20):
            refused(partner.token(aud="somebody-else"))
        assert time.monotonic() - began < 20 * TIMEOUT_SECONDS / 2


def test_a_look_at_a_token_says_the_same_and_leaves_no_trace(partner: Partner) -> None:
    organisation = partner.secret.organisation
    good = tokens.check(organisation, partner.documented(), now=NOW)
    assert good.shop == partner.shop
    with pytest.raises(TokenRefused) as raised:
        tokens.check(organisation, partner.token(aud="somebody-else"), now=NOW)
    assert raised.value.description == refused(partner.token(aud="somebody-else")).description
    assert [found.count for found in counts(partner)] == [1]  # what `verify` refused just now
    untouched = BookingSecret.objects.get()
    assert (untouched.last_used_at, untouched.last_token_expires_at) == (None, None)


def test_a_look_at_another_organisations_token_reads_as_unknown(partner: Partner) -> None:
    other = make_organisation(name="Southside Clinic")
    make_shop(organisation=other, identifier=partner.shop.identifier)
    with pytest.raises(TokenRefused) as foreign:
        tokens.check(other, partner.documented(), now=NOW)
    with pytest.raises(TokenRefused) as absent:
        tokens.check(other, partner.token_with_header(kid="bsk-nobody"), now=NOW)
    assert str(foreign.value) == str(absent.value)
