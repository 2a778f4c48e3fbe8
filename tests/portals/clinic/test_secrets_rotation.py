"""Rotating a booking secret: how far it is, and when the old one may go."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from booking_secrets.models import BookingSecret
from common.clock import utc_now
from organisations.models import Organisation, Shop
from portals.clinic.secrets.rotation import Rotation, rotation_of, under_way
from tests.factories import NOW, make_shop

from .test_secrets import LIST, Backend, make_backend, text_of

MINUTE = timedelta(minutes=1)
LATE = NOW + timedelta(hours=1)


def secret(
    pk: int,
    *,
    used: datetime | None = None,
    expires: datetime | None = None,
    shop: int | None = None,
) -> BookingSecret:
    return BookingSecret(
        pk=pk,
        shop_id=shop,
        created_at=NOW + pk * MINUTE,
        last_used_at=used,
        last_token_expires_at=expires,
    )


def rotation(old: BookingSecret, new: BookingSecret | None, now: datetime = LATE) -> Rotation:
    return Rotation(old, new, now)


def test_the_newest_secret_of_the_same_reach_takes_over() -> None:
    oldest, middle, newest, of_a_shop = secret(1), secret(2), secret(3), secret(4, shop=7)
    active = [of_a_shop, middle, newest, oldest]
    assert rotation_of(oldest, active, now=LATE).new is newest
    assert rotation_of(newest, active, now=LATE).new is None
    assert [(one.old, one.new) for one in under_way(active, now=LATE)] == [
        (oldest, newest),
        (middle, newest),
    ]


def test_a_lone_secret_is_never_safe_to_revoke() -> None:
    assert not rotation(secret(1), None).is_safe
    assert not rotation(secret(1, used=NOW, expires=NOW), None).is_safe


def test_an_unused_new_secret_makes_nothing_safe() -> None:
    halfway = rotation(secret(1, used=NOW, expires=NOW), secret(2))
    assert not halfway.is_new_in_use
    assert not halfway.is_safe


def test_a_token_signed_with_the_old_one_after_the_new_ones_last_is_not_safe() -> None:
    old = secret(1, used=NOW + 10 * MINUTE, expires=NOW + 15 * MINUTE)
    assert not rotation(old, secret(2, used=NOW + 9 * MINUTE)).is_safe
    assert rotation(old, secret(2, used=NOW + 11 * MINUTE)).is_safe


def test_old_tokens_must_have_run_out_leeway_and_delay_of_writing_included() -> None:
    """Accepted until 30 seconds after they expire; their expiry is written down once a minute."""
    old, new = secret(1, used=NOW, expires=NOW + 5 * MINUTE), secret(2, used=NOW + MINUTE)
    gone_at = NOW + 5 * MINUTE + timedelta(seconds=30) + MINUTE
    assert not rotation(old, new, gone_at - timedelta(seconds=1)).is_safe
    assert rotation(old, new, gone_at).is_safe


def test_an_old_secret_that_was_never_used_is_safe_once_the_new_one_is() -> None:
    assert rotation(secret(1), secret(2, used=NOW)).is_safe


@pytest.fixture
def shop(clinic: Organisation) -> Shop:
    return make_shop(organisation=clinic)


def _has(backend: Backend, **fields: datetime) -> None:
    BookingSecret.objects.filter(pk=backend.secret.pk).update(**fields)


def test_the_list_walks_through_the_four_steps(
    admin: Client, clinic: Organisation, shop: Shop
) -> None:
    now = utc_now()
    old = make_backend(clinic, shop, name="Old")
    _has(old, last_used_at=now - MINUTE, last_token_expires_at=now + 4 * MINUTE)
    assert "Rotating a secret" in text_of(admin.get(LIST))

    new = make_backend(clinic, shop, name="New")
    page = text_of(admin.get(LIST))
    assert "Replacing “Old” with “New”" in page
    assert "No token signed with it yet" in page
    assert "Not yet: patients could be refused" in page

    _has(new, last_used_at=now)
    page = text_of(admin.get(LIST))
    assert "The last token signed with it came" in page
    assert "safe to revoke" not in page

    _has(old, last_used_at=now - timedelta(hours=1), last_token_expires_at=now - timedelta(hours=1))
    for address in (LIST, old.url(), old.url("secret-revoke")):
        page = text_of(admin.get(address))
        assert "safe to revoke" in page
    assert "safe to revoke" not in text_of(admin.get(new.url()))


def test_through_a_whole_rotation_no_token_is_refused(
    admin: Client, clinic: Organisation, shop: Shop
) -> None:
    old = make_backend(clinic, shop, name="Old")
    assert old.call() == 200
    new = make_backend(clinic, shop, name="New")
    assert (old.call(), new.call()) == (200, 200)
    admin.post(old.url("secret-revoke"))
    assert (old.call(), new.call()) == (401, 200)
