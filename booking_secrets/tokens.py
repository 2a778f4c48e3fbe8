"""Booking tokens: a partner's backend vouches for one patient. Verified strictly, with few queries.

PyJWT checks the signature and nothing else: its own claim checks read the clock, take floats and
texts for times, and would let dozens of malformed tokens through (`token_form`, `token_claims`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Greatest

from common.clock import from_epoch
from common.counters import TOKENS_REFUSED
from organisations.models import Organisation, Shop

from . import refusal_counts
from .models import BookingSecret, BookingSecretQuerySet
from .refusals import TokenRefused
from .secrets import text_of
from .token_claims import read_claims
from .token_form import read_kid, signed_payload

__all__ = ["BookingToken", "TokenRefused", "check", "verify"]

_COUNTED_SUBJECTS = frozenset(
    [
        *("alg", "typ", "kid", "aud", "exp", "nbf", "iat"),
        *("shop_identifier", "shop_customer_id", "patient_profile_fields"),
    ]
)
_USE_IS_RECORDED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BookingToken:
    """What a verified token says. `shop_customer_id` is the partner's name for the patient."""

    secret: BookingSecret
    organisation: Organisation
    shop: Shop
    shop_customer_id: str
    profile_fields: tuple[tuple[str, object], ...]
    expires_at: datetime


def verify(token: str, *, now: datetime) -> BookingToken:
    """The token's content once everything about it holds. Raises TokenRefused.

    Queries: none for a malformed token, one (secret, its organisation and bound shop) until the
    signature and claims hold, a second one for the shop unless the secret is bound to it. The use
    of a secret is written at most about once a minute, after everything held; a refusal of a token
    whose `kid` we know is counted (`refusal_counts`). Call this outside a transaction: that write
    should not keep the secret's row locked.
    """
    try:
        secret = _secret_of(BookingSecret.objects.all(), read_kid(token))
        verified = _judged_and_counted(secret, token, now)
    except TokenRefused as refused:
        TOKENS_REFUSED.labels(_counted_as(refused)).inc()
        raise
    _record_use(secret, verified.expires_at, now)
    return verified


def check(organisation: Organisation, token: str, *, now: datetime) -> BookingToken:
    """What `verify` would make of the token, without a trace: no use recorded, no refusal counted.

    Only that organisation's secrets are asked: another's `kid` reads as unknown. Raises TokenRefused.
    """
    secret = _secret_of(BookingSecret.objects.of(organisation), read_kid(token))
    return _judge(secret, token, now)


def _counted_as(refused: TokenRefused) -> str:
    """A repeated claim may have any name; a metric must not."""
    return refused.reason if refused.subject in _COUNTED_SUBJECTS else f"{refused.code}/"


def _judged_and_counted(secret: BookingSecret, token: str, now: datetime) -> BookingToken:
    try:
        return _judge(secret, token, now)
    except TokenRefused as refused:
        refusal_counts.count(secret.organisation.uid, secret.key_id, refused.reason, now=now)
        raise


def _secret_of(rows: BookingSecretQuerySet, kid: str) -> BookingSecret:
    """The secret of that key_id, revoked or not."""
    secret = rows.select_related("organisation", "shop").filter(key_id=kid).one_or_none()
    if secret is None:
        raise _no_active_secret()
    return secret


def _judge(secret: BookingSecret, token: str, now: datetime) -> BookingToken:
    if secret.revoked_at is not None:
        raise _no_active_secret()
    claims = read_claims(signed_payload(token, text_of(secret)), now=now)
    return BookingToken(
        secret=secret,
        organisation=secret.organisation,
        shop=_active_shop(secret, claims.shop_identifier),
        shop_customer_id=claims.shop_customer_id,
        profile_fields=claims.profile_fields,
        expires_at=from_epoch(claims.expires_at),
    )


def _no_active_secret() -> TokenRefused:
    """The same for an unknown and for a revoked `kid`."""
    return TokenRefused("invalid_header", "kid: expected the key_id of an active secret.")


def _active_shop(secret: BookingSecret, identifier: str) -> Shop:
    """The shop of that identifier inside the secret's organisation; no other can be reached."""
    organisation = secret.organisation
    shop = secret.shop
    if shop is None and organisation.is_active:
        shop = Shop.objects.of(organisation).filter(identifier=identifier).one_or_none()
    is_usable = (
        organisation.is_active
        and shop is not None
        and shop.is_active
        and shop.identifier == identifier
    )
    if shop is None or not is_usable:
        raise TokenRefused(
            "invalid_claims",
            "shop_identifier: expected an active shop that this secret speaks for.",
        )
    shop.organisation = organisation  # at hand already: spares every reader a query
    return shop


def _record_use(secret: BookingSecret, expires_at: datetime, now: datetime) -> None:
    """Remember when the secret was used last and when its last token runs out, each to a minute."""
    used_before = now - _USE_IS_RECORDED_EVERY
    expires_before = expires_at - _USE_IS_RECORDED_EVERY
    used, expires = secret.last_used_at, secret.last_token_expires_at
    if used is not None and used > used_before and expires is not None and expires > expires_before:
        return
    # Asked again in the statement: of many processes that read the same stale row one writes.
    is_stale = (
        Q(last_used_at=None)
        | Q(last_used_at__lte=used_before)
        | Q(last_token_expires_at__lte=expires_before)
    )
    BookingSecret.objects.filter(is_stale, pk=secret.pk).update(
        last_used_at=Greatest(F("last_used_at"), now),
        last_token_expires_at=Greatest(F("last_token_expires_at"), expires_at),
    )
