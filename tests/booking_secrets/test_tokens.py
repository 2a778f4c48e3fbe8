"""A good booking token: what it yields, what it costs, and whom it may speak for."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from booking_secrets import secrets, tokens
from booking_secrets.models import BookingSecret
from booking_secrets.tokens import TokenRefused
from common.clock import from_epoch
from organisations.models import Organisation, Shop
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .minting import ABSENT, NOW_EPOCH, Partner

NOT_OUR_SHOP = "shop_identifier: expected an active shop that this secret speaks for."


def refused_claims(token: str) -> str:
    with pytest.raises(TokenRefused) as refusal:
        tokens.verify(token, now=NOW)
    assert refusal.value.code == "invalid_claims"
    return refusal.value.description


def test_the_documented_minter_is_accepted_as_it_stands(partner: Partner) -> None:
    token = tokens.verify(partner.documented(), now=NOW)

    assert (token.secret, token.shop) == (partner.secret, partner.shop)
    assert token.organisation == partner.shop.organisation
    assert token.shop_customer_id == "customer-1"
    assert token.profile_fields == (("first_name", "Paula"), ("email", "paula@patients.example"))
    assert token.expires_at == from_epoch(NOW_EPOCH + 300)


@pytest.mark.parametrize("typ", ["JWT", "jwt", ABSENT])
def test_typ_may_be_jwt_or_absent(partner: Partner, typ: object) -> None:
    token = tokens.verify(partner.token_with_header(typ=typ), now=NOW)

    assert token.shop == partner.shop


def test_a_token_may_be_used_many_times(partner: Partner) -> None:
    token = partner.token(jti="one", iss="shop", sub=7, extra={"any": ["thing"]})

    for seconds in (0, 100, 299):
        tokens.verify(token, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("times", "seconds_later"),
    [
        ({}, 300 + 29),
        ({"nbf": NOW_EPOCH + 30}, 0),
        ({"iat": NOW_EPOCH + 30}, 0),
        ({"exp": NOW_EPOCH + 900}, 0),
    ],
)
def test_the_leeway_is_30_seconds_and_the_life_900(
    partner: Partner, times: dict[str, int], seconds_later: int
) -> None:
    tokens.verify(partner.token(**times), now=NOW + timedelta(seconds=seconds_later))


def test_a_setting_moves_the_longest_life(partner: Partner, settings: Settings) -> None:
    settings.BOOKING_TOKEN_MAX_SECONDS = 60

    assert refused_claims(partner.documented()) == (
        "exp: expected at most 60 seconds after iat; missed by 240 seconds."
    )


def test_a_token_costs_two_queries_and_one_write_a_minute(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):
        tokens.verify(partner.documented(), now=NOW)
    with django_assert_num_queries(2):
        tokens.verify(partner.documented(), now=NOW + timedelta(seconds=59))
    with django_assert_num_queries(3):
        tokens.verify(partner.documented(), now=NOW + timedelta(seconds=60))


def test_a_token_of_a_bound_secret_costs_one_query_and_its_readers_none(
    partner: Partner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    bound = _bound_to(partner.shop)
    tokens.verify(bound.documented(), now=NOW)

    with django_assert_num_queries(1):
        token = tokens.verify(bound.documented(), now=NOW)
        assert token.shop.organisation.name == token.organisation.name


def test_use_and_the_last_expiry_are_recorded_and_never_go_back(partner: Partner) -> None:
    tokens.verify(partner.token(exp=NOW_EPOCH + 800), now=NOW)
    tokens.verify(partner.token(exp=NOW_EPOCH + 100), now=NOW + timedelta(seconds=61))

    row = BookingSecret.objects.get()
    assert row.last_used_at == NOW + timedelta(seconds=61)
    assert row.last_token_expires_at == from_epoch(NOW_EPOCH + 800)


def test_a_much_later_expiry_is_recorded_at_once(partner: Partner) -> None:
    tokens.verify(partner.token(exp=NOW_EPOCH + 100), now=NOW)
    tokens.verify(partner.token(exp=NOW_EPOCH + 160), now=NOW)

    assert BookingSecret.objects.get().last_token_expires_at == from_epoch(NOW_EPOCH + 160)


def test_a_refused_token_records_no_use(partner: Partner) -> None:
    refused_claims(partner.token(shop_identifier="elsewhere"))

    assert BookingSecret.objects.get().last_used_at is None


def test_a_revoked_secret_is_refused_with_the_next_call(partner: Partner) -> None:
    tokens.verify(partner.documented(), now=NOW)
    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)

    with CaptureQueriesContext(connection) as queries, pytest.raises(TokenRefused) as refusal:
        tokens.verify(partner.documented(), now=NOW)

    assert refusal.value.code == "invalid_header"
    assert refusal.value.description == "kid: expected the key_id of an active secret."
    assert len(queries) == 1


def test_an_unknown_shop_is_refused(partner: Partner) -> None:
    assert refused_claims(partner.token(shop_identifier="elsewhere")) == NOT_OUR_SHOP


def test_a_shop_is_looked_for_inside_the_secrets_organisation_only(partner: Partner) -> None:
    foreign = make_shop(organisation=make_organisation(name="Other"), identifier="foreign.example")

    assert refused_claims(partner.token(shop_identifier=foreign.identifier)) == NOT_OUR_SHOP


def test_the_same_identifier_elsewhere_does_not_confuse(partner: Partner) -> None:
    make_shop(organisation=make_organisation(name="Other"), identifier=partner.shop.identifier)

    assert tokens.verify(partner.documented(), now=NOW).shop == partner.shop


def test_a_shop_identifier_is_matched_to_the_letter(partner: Partner) -> None:
    identifier = partner.shop.identifier

    for other in (identifier.upper(), f" {identifier}", identifier[:-1], "%"):
        assert refused_claims(partner.token(shop_identifier=other)) == NOT_OUR_SHOP


def test_an_inactive_shop_is_refused(partner: Partner) -> None:
    Shop.objects.update(is_active=False)

    assert refused_claims(partner.documented()) == NOT_OUR_SHOP
    assert refused_claims(_bound_to(Shop.objects.get()).documented()) == NOT_OUR_SHOP


def test_an_inactive_organisation_is_refused(partner: Partner) -> None:
    bound = _bound_to(partner.shop)
    Organisation.objects.update(is_active=False)

    assert refused_claims(partner.documented()) == NOT_OUR_SHOP
    assert refused_claims(bound.documented()) == NOT_OUR_SHOP


def test_a_bound_secret_does_not_speak_for_another_shop_of_the_organisation(
    partner: Partner,
) -> None:
    other = make_shop(organisation=partner.shop.organisation)
    bound = _bound_to(partner.shop)

    assert refused_claims(bound.token(shop_identifier=other.identifier)) == NOT_OUR_SHOP


def test_a_token_signed_with_another_secret_of_the_organisation_is_refused(
    partner: Partner,
) -> None:
    other = _bound_to(partner.shop)
    forged = Partner(partner.secret, other.text, partner.shop)

    with pytest.raises(TokenRefused) as refusal:
        tokens.verify(forged.documented(), now=NOW)

    assert refusal.value.code == "invalid_header"


def _bound_to(shop: Shop) -> Partner:
    secret, text = secrets.create(shop.organisation, name="Bound", shop=shop, actor=ADMIN, now=NOW)
    return Partner(secret, text, shop)
