"""Signing secrets and custom headers of subscriptions, encrypted at rest; the headers of each attempt."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime

import orjson
from standardwebhooks import Webhook

from common.crypto import Place, decrypt, encrypt

from .models import NotificationSubscription

PREFIX = "whsec_"
_SECRET_BYTES = 32


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def seal(subscription: NotificationSubscription, column: str, text: str) -> bytes:
    return encrypt(text.encode(), _place(subscription, column))


def unseal(subscription: NotificationSubscription, column: str) -> str:
    """The text in the column, "" when it is empty. Raises DecryptionFailed."""
    ciphertext = getattr(subscription, column)
    if ciphertext is None:
        return ""
    return decrypt(bytes(ciphertext), _place(subscription, column)).decode()


def custom_headers(subscription: NotificationSubscription) -> dict[str, str]:
    text = unseal(subscription, "headers_ciphertext")
    headers: dict[str, str] = orjson.loads(text) if text else {}
    return headers


def attempt_headers(
    subscription: NotificationSubscription,
    *,
    event_uid: str,
    event_type: str,
    body: str,
    now: datetime,
) -> dict[str, str]:
    """All headers of one attempt: the documented ones, the Standard Webhooks ones, the custom ones.

    Within 24 hours of a renewal `webhook-signature` carries both signatures, the new one first, and
    `X-Webhook-Signature` is made with the old secret until the admin switches.
    """
    current = unseal(subscription, "signing_secret_ciphertext")
    previous = _previous_secret(subscription, now)
    documented = previous if previous and subscription.is_signing_with_previous else current
    return {
        **custom_headers(subscription),
        "Content-Type": "application/json",
        "X-Webhook-Event": event_type.lower(),
        "X-Webhook-Signature": hex_signature(documented, body),
        "webhook-id": event_uid,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(event_uid, now.astimezone(UTC), body)
            for secret in (current, previous)
            if secret
        ),
    }


def hex_signature(secret: str, body: str) -> str:
    """Lower-case hex HMAC-SHA256 of the body; the key is the secret's whole text."""
    return hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()


def _previous_secret(subscription: NotificationSubscription, now: datetime) -> str:
    until = subscription.previous_secret_until
    if until is None or now >= until:
        return ""
    return unseal(subscription, "previous_secret_ciphertext")


def _place(subscription: NotificationSubscription, column: str) -> Place:
    return Place(
        table=NotificationSubscription._meta.db_table,
        column=column,
        organisation_uid=subscription.organisation.uid,
        row_uid=subscription.uid,
    )
