"""Booking secrets: made, shown again to who may, and revoked."""

import secrets
from datetime import datetime

from django.db import transaction

from common import crypto
from common.crypto import Place
from common.uids import new_uid
from organisations import audit, inputs
from organisations.actors import Actor
from organisations.errors import Invalid
from organisations.models import Organisation, Shop

from .models import BookingSecret

_SECRET_BYTES = 32  # 256 bits: as much as HS256 can use


class SecretRevoked(Exception):
    """A revoked secret is not shown again: nothing it signs is accepted any more."""


def create(
    organisation: Organisation, *, name: str, shop: Shop | None = None, actor: Actor, now: datetime
) -> tuple[BookingSecret, str]:
    """Make a secret and return its text, URL-safe; audited. `shop` binds it to that shop.

    Raises Invalid for a blank name or another organisation's shop.
    """
    if shop is not None and shop.organisation_id != organisation.pk:
        raise Invalid("shop_uid", "There is no such shop.")
    text = secrets.token_urlsafe(_SECRET_BYTES)
    secret = BookingSecret(
        organisation=organisation,
        shop=shop,
        key_id=new_uid("bsk"),
        name=inputs.required_name("name", name),
        created_by=actor.label,
        created_at=now,
    )
    secret.ciphertext = crypto.encrypt(text.encode(), _place(secret))
    with transaction.atomic():
        secret.save(force_insert=True)
        _audit(secret, "booking_secret.created", actor, now)
    return secret, text


def reveal(secret: BookingSecret, *, actor: Actor, now: datetime) -> str:
    """The secret's text. The audit entry is committed before this returns, so call it outside a transaction.

    Raises SecretRevoked.
    """
    if secret.revoked_at is not None:
        raise SecretRevoked
    with transaction.atomic(durable=True):
        _audit(secret, "booking_secret.revealed", actor, now)
    return text_of(secret)


def revoke(secret: BookingSecret, *, actor: Actor, now: datetime) -> None:
    """Refuse its tokens and unopened launch codes from the next call on, on every process.

    Audited once; repeating it does nothing.
    """
    with transaction.atomic():
        if BookingSecret.objects.active().filter(pk=secret.pk).update(revoked_at=now):
            secret.revoked_at = now
            _audit(secret, "booking_secret.revoked", actor, now)


def text_of(secret: BookingSecret) -> str:
    """The text for checking a signature; to show it to anyone, use `reveal`. One query unless the
    organisation is loaded. Raises crypto.DecryptionFailed."""
    return crypto.decrypt(secret.ciphertext, _place(secret)).decode()


def _place(secret: BookingSecret) -> Place:
    table = BookingSecret._meta.db_table
    return Place(table, "ciphertext", secret.organisation.uid, secret.key_id)


def _audit(secret: BookingSecret, action: str, actor: Actor, now: datetime) -> None:
    audit.record(secret.organisation, action, actor=actor, now=now, object_uid=secret.key_id)
