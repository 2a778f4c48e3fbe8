"""API keys: shown once, stored hashed, refused cheaply."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from organisations import api_keys
from organisations.api_keys import ApiKeyRefused
from organisations.errors import Invalid
from organisations.models import ApiKey, AuditEntry, Organisation, Permission
from tests.factories import ADMIN, NOW, make_organisation, make_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation() -> Organisation:
    return make_organisation()


@pytest.fixture
def issued(organisation: Organisation) -> tuple[ApiKey, str]:
    return api_keys.issue(
        organisation,
        name="Shop backend",
        permissions=[Permission.SCHEDULING_WRITE],
        actor=ADMIN,
        now=NOW,
    )


def test_the_text_is_nowhere_in_the_row(issued: tuple[ApiKey, str]) -> None:
    key, text = issued
    row = ApiKey.objects.filter(pk=key.pk).values().get()

    assert text.startswith(row["prefix"])
    assert len(row["prefix"]) == 12
    assert not [value for value in row.values() if text[12:] in str(value)]


def test_a_key_holds_at_least_256_bits_of_chance(issued: tuple[ApiKey, str]) -> None:
    body = issued[1].split("_")[1]

    assert 31 ** len(body) >= 2**256  # 31 characters are in the alphabet of uids


def test_two_keys_differ(organisation: Organisation, issued: tuple[ApiKey, str]) -> None:
    _, other = api_keys.issue(
        organisation,
        name="Other",
        permissions=[Permission.PATIENT_READ],
        actor=ADMIN,
        now=NOW,
    )

    assert other != issued[1]


def test_a_key_authenticates_with_one_query_and_one_write_a_minute(
    organisation: Organisation,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    shop = make_shop(organisation=organisation)
    key, text = api_keys.issue(
        organisation,
        name="Bound",
        permissions=["scheduling:read"],
        shop=shop,
        actor=ADMIN,
        now=NOW,
    )
    with django_assert_num_queries(2):
        api_keys.authenticate(text, now=NOW)
    with django_assert_num_queries(1):
        found = api_keys.authenticate(text, now=NOW + timedelta(seconds=59))
        assert (found, found.organisation, found.shop) == (key, organisation, shop)
    with django_assert_num_queries(2):
        api_keys.authenticate(text, now=NOW + timedelta(seconds=60))

    key.refresh_from_db()
    assert key.last_used_at == NOW + timedelta(seconds=60)


def test_of_two_processes_that_read_the_same_stale_row_one_writes(
    issued: tuple[ApiKey, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stale = ApiKey.objects.get(pk=issued[0].pk)
    api_keys.authenticate(issued[1], now=NOW + timedelta(seconds=5))

    api_keys._record_use(stale, NOW + timedelta(seconds=1))

    issued[0].refresh_from_db()
    assert issued[0].last_used_at == NOW + timedelta(seconds=5)


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        "rxs_",
        "x" * 65,
        "rxs_" + "a" * 52 + "_00000000",
        "rxs_" + "ä" * 52 + "_00000000",
        "\0",
        "\ud800",
        "rxs_" + "a" * 9000,
    ],
)
def test_garbage_is_refused_without_a_query(
    garbage: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0), pytest.raises(ApiKeyRefused):
        api_keys.authenticate(garbage, now=NOW)


def test_a_key_with_one_wrong_character_is_refused_without_a_query(
    issued: tuple[ApiKey, str], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    text = issued[1]
    wrong = [text[:20] + ("b" if text[20] != "b" else "c") + text[21:], text + "\n", text[:-1]]

    for candidate in wrong:
        with django_assert_num_queries(0), pytest.raises(ApiKeyRefused):
            api_keys.authenticate(candidate, now=NOW)


def test_a_well_formed_key_nobody_issued_is_refused_with_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(1), pytest.raises(ApiKeyRefused):
        api_keys.authenticate(api_keys._new_text(), now=NOW)


def test_a_revoked_key_is_refused_and_revoking_again_changes_nothing(
    issued: tuple[ApiKey, str],
) -> None:
    key, text = issued
    api_keys.revoke(key, actor=ADMIN, now=NOW)
    api_keys.revoke(key, actor=ADMIN, now=NOW + timedelta(hours=1))

    with pytest.raises(ApiKeyRefused):
        api_keys.authenticate(text, now=NOW)
    key.refresh_from_db()
    assert key.revoked_at == NOW
    actions = AuditEntry.objects.filter(object_uid=key.uid).order_by("id")
    assert [entry.action for entry in actions] == ["api_key.created", "api_key.revoked"]


def test_a_key_of_an_inactive_organisation_is_refused(issued: tuple[ApiKey, str]) -> None:
    Organisation.objects.update(is_active=False)

    with pytest.raises(ApiKeyRefused):
        api_keys.authenticate(issued[1], now=NOW)


def test_a_shop_of_another_organisation_cannot_be_bound(organisation: Organisation) -> None:
    foreign = make_shop(organisation=make_organisation(name="Other"))

    with pytest.raises(Invalid, match="shop_uid"):
        api_keys.issue(
            organisation,
            name="Key",
            permissions=["patient:read"],
            shop=foreign,
            actor=ADMIN,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("name", "permissions", "field"),
    [
        ("  ", ["patient:read"], "name"),
        ("x" * 201, ["patient:read"], "name"),
        ("a\0b", ["patient:read"], "name"),
        ("Key", [], "permissions"),
        ("Key", ["patient:everything"], "permissions"),
    ],
)
def test_unusable_input_is_refused_and_nothing_written(
    organisation: Organisation, name: str, permissions: list[str], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        api_keys.issue(organisation, name=name, permissions=permissions, actor=ADMIN, now=NOW)

    assert refusal.value.field == field
    assert ApiKey.objects.count() == AuditEntry.objects.count() == 0
