"""Booking secrets: encrypted in their row, shown with a trace, refused once revoked."""

from datetime import timedelta

import pytest
from django.db import transaction

from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from booking_secrets.secrets import SecretRevoked
from common.crypto import DecryptionFailed
from organisations.errors import Invalid
from organisations.models import AuditEntry
from tests.factories import ADMIN, NOW, make_organisation, make_shop

from .conftest import make_partner
from .minting import Partner


@pytest.fixture
def partner(db: None) -> Partner:
    """Not the standing one of the others: some tests of this module really commit."""
    return make_partner()


def actions(secret: BookingSecret) -> list[str]:
    entries = AuditEntry.objects.filter(object_uid=secret.key_id).order_by("id")
    return [entry.action for entry in entries]


def test_a_secret_is_256_bits_of_url_safe_text_under_a_key_id(partner: Partner) -> None:
    assert partner.secret.key_id.startswith("bsk-")
    assert len(partner.text) == 43  # 32 bytes in base64url
    assert partner.text.replace("-", "").replace("_", "").isalnum()
    assert partner.secret.created_by == ADMIN.label


def test_the_text_is_nowhere_in_the_row(partner: Partner) -> None:
    row = BookingSecret.objects.filter(pk=partner.secret.pk).values().get()

    assert partner.text.encode() not in bytes(row["ciphertext"])
    assert not [value for value in row.values() if partner.text in str(value)]


def test_revealing_returns_the_text_and_is_audited(partner: Partner) -> None:
    stored = BookingSecret.objects.get()

    assert secrets.reveal(stored, actor=ADMIN, now=NOW) == partner.text
    assert actions(stored) == ["booking_secret.created", "booking_secret.revealed"]
    assert partner.text not in str(list(AuditEntry.objects.values()))


@pytest.mark.django_db(transaction=True)
def test_revealing_refuses_to_run_where_its_audit_entry_could_be_rolled_back() -> None:
    secret, _ = secrets.create(make_organisation(), name="Backend", actor=ADMIN, now=NOW)

    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        secrets.reveal(secret, actor=ADMIN, now=NOW)


def test_a_ciphertext_copied_into_another_row_reveals_nothing(partner: Partner) -> None:
    other, _ = secrets.create(partner.shop.organisation, name="Other", actor=ADMIN, now=NOW)
    BookingSecret.objects.filter(pk=other.pk).update(ciphertext=partner.secret.ciphertext)

    with pytest.raises(DecryptionFailed):
        secrets.reveal(BookingSecret.objects.get(pk=other.pk), actor=ADMIN, now=NOW)


def test_a_row_moved_to_another_organisation_reveals_nothing(partner: Partner) -> None:
    BookingSecret.objects.update(organisation=make_organisation(name="Other"))

    with pytest.raises(DecryptionFailed):
        secrets.reveal(BookingSecret.objects.get(), actor=ADMIN, now=NOW)


def test_revoking_is_done_and_audited_once(partner: Partner) -> None:
    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)
    secrets.revoke(BookingSecret.objects.get(), actor=ADMIN, now=NOW + timedelta(hours=1))

    stored = BookingSecret.objects.get()
    assert stored.revoked_at == NOW
    assert actions(stored) == ["booking_secret.created", "booking_secret.revoked"]


def test_a_revoked_secret_is_not_shown_again(partner: Partner) -> None:
    secrets.revoke(partner.secret, actor=ADMIN, now=NOW)

    with pytest.raises(SecretRevoked):
        secrets.reveal(BookingSecret.objects.get(), actor=ADMIN, now=NOW)
    assert "booking_secret.revealed" not in actions(partner.secret)


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\0b"])
def test_an_unusable_name_is_refused(partner: Partner, name: str) -> None:
    with pytest.raises(Invalid, match="name"):
        secrets.create(partner.shop.organisation, name=name, actor=ADMIN, now=NOW)

    assert BookingSecret.objects.get() == partner.secret


def test_a_shop_of_another_organisation_cannot_be_bound(partner: Partner) -> None:
    foreign = make_shop(organisation=make_organisation(name="Other"))

    with pytest.raises(Invalid, match="shop_uid"):
        secrets.create(partner.shop.organisation, name="Bound", shop=foreign, actor=ADMIN, now=NOW)
