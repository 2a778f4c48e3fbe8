"""The verbs of notification subscriptions: portal and Management API both act through these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from common.outbound import refuse_headers, refuse_target
from common.sql import insert_or_nothing
from organisations.actors import Actor
from organisations.models import Organisation, Shop

from . import endpoints, signing
from .errors import AlreadyExists, Invalid
from .models import DISABLED_BY_HAND, EventType, NotificationSubscription
from .resending import enable, missed_count, resend, send_test
from .subscription_rows import living, locked, record

__all__ = [
    "Options",
    "create",
    "delete",
    "disable",
    "enable",
    "missed_count",
    "renew_signing_secret",
    "resend",
    "reveal_signing_secret",
    "send_test",
    "switch_to_new_secret",
]

RENEWAL = timedelta(hours=24)
PAYLOAD_VERSIONS = ("1",)


@dataclass(frozen=True, slots=True)
class Options:
    """What `meta_data` carries. `include_contact` None: as the type has it (orders yes, notices no)."""

    headers: Mapping[str, object] | None = None
    include_contact: bool | None = None
    include_holds: bool = False
    contact_email: str = ""
    payload_version: str = "1"


def create(
    organisation: Organisation,
    *,
    notification_type: EventType,
    target: str,
    shop: Shop | None = None,
    options: Options | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[NotificationSubscription, str]:
    """Subscribe a type to a target; returns the subscription and its signing secret.

    Raises Invalid (field `target`, `headers`, `contact_email`, `payload_version` or `shop`), and
    AlreadyExists when the organisation has a living subscription of this type to this target.
    """
    options = options or Options()
    _check(target, options)
    if shop and shop.organisation_id != organisation.pk:
        raise Invalid("shop", "The shop belongs to another organisation.")
    subscription = _new(organisation, notification_type, target, options, now)
    subscription.shop, subscription.created_by = shop, actor.label
    secret = signing.new_secret()
    subscription.signing_secret_ciphertext = signing.seal(
        subscription, "signing_secret_ciphertext", secret
    )
    with transaction.atomic():
        if not insert_or_nothing(subscription):
            raise AlreadyExists("This type is already subscribed to this target.")
        record(subscription, "created", actor, now, type=notification_type.value)
    return subscription, secret


def delete(subscription: NotificationSubscription, *, actor: Actor, now: datetime) -> None:
    """End the subscription; nothing more is sent to it. Doing it twice changes nothing."""
    with transaction.atomic():
        if not living(subscription).update(deleted_at=now):
            return
        endpoints.set_aside(subscription, endpoints.SKIPPED_AS_DELETED, now)
        record(subscription, "deleted", actor, now)


def reveal_signing_secret(
    subscription: NotificationSubscription, *, actor: Actor, now: datetime
) -> str:
    """The signing secret in clear, audited before it is returned."""
    with transaction.atomic():
        record(subscription, "secret_revealed", actor, now)
    return signing.unseal(subscription, "signing_secret_ciphertext")


def renew_signing_secret(
    subscription: NotificationSubscription, *, actor: Actor, now: datetime
) -> str:
    """Make a new signing secret and return it. For 24 hours `webhook-signature` carries both.

    `X-Webhook-Signature` stays with the old one until `switch_to_new_secret`, 24 hours at most.
    """
    secret = signing.new_secret()
    with transaction.atomic():
        row = locked(subscription)
        previous = signing.unseal(row, "signing_secret_ciphertext")
        row.previous_secret_ciphertext = signing.seal(row, "previous_secret_ciphertext", previous)
        row.signing_secret_ciphertext = signing.seal(row, "signing_secret_ciphertext", secret)
        row.previous_secret_until = now + RENEWAL
        row.is_signing_with_previous = True
        row.save(
            update_fields=[
                "previous_secret_ciphertext",
                "signing_secret_ciphertext",
                "previous_secret_until",
                "is_signing_with_previous",
            ]
        )
        record(row, "secret_renewed", actor, now)
    subscription.refresh_from_db()
    return secret


def switch_to_new_secret(
    subscription: NotificationSubscription, *, actor: Actor, now: datetime
) -> None:
    """Sign `X-Webhook-Signature` with the new secret from now on. Doing it twice changes nothing."""
    with transaction.atomic():
        waiting = living(subscription).filter(is_signing_with_previous=True)
        if waiting.update(is_signing_with_previous=False):
            record(subscription, "secret_switched", actor, now)
    subscription.is_signing_with_previous = False


def disable(subscription: NotificationSubscription, *, actor: Actor, now: datetime) -> None:
    """Send nothing to it until it is enabled; events go on being recorded. Twice changes nothing."""
    with transaction.atomic():
        enabled = living(subscription).filter(disabled_at=None)
        reason = f"{DISABLED_BY_HAND}{actor.label}."[:200]
        if enabled.update(disabled_at=now, disabled_reason=reason):
            endpoints.set_aside(subscription, endpoints.SKIPPED_WHILE_DISABLED, now)
            record(subscription, "disabled", actor, now)
    subscription.refresh_from_db()


def _check(target: str, options: Options) -> None:
    allow_loopback = settings.ALLOW_LOOPBACK_WEBHOOKS
    if problem := refuse_target(target, allow_loopback=allow_loopback):
        raise Invalid("target", problem)
    if problem := refuse_headers(options.headers or {}):
        raise Invalid("headers", problem)
    if options.payload_version not in PAYLOAD_VERSIONS:
        raise Invalid("payload_version", 'The payload version is "1".')
    if options.contact_email:
        try:
            validate_email(options.contact_email)
        except ValidationError:
            raise Invalid("contact_email", "This is not an e-mail address.") from None


def _new(
    organisation: Organisation,
    notification_type: EventType,
    target: str,
    options: Options,
    now: datetime,
) -> NotificationSubscription:
    subscription = NotificationSubscription(
        organisation=organisation,
        notification_type=notification_type,
        target=target,
        payload_version=options.payload_version,
        include_contact=_includes_contact(notification_type, options),
        include_holds=options.include_holds,
        contact_email=options.contact_email,
        created_at=now,
    )
    if options.headers:
        text = orjson.dumps(dict(options.headers)).decode()
        subscription.headers_ciphertext = signing.seal(subscription, "headers_ciphertext", text)
    return subscription


def _includes_contact(notification_type: EventType, options: Options) -> bool:
    if options.include_contact is None:
        return notification_type == EventType.REMINDER_DUE
    return options.include_contact
