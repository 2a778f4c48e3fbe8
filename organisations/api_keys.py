"""API keys: issued once in clear, stored as SHA-256, checked with one query.

A key is `rxs_<52 characters of chance>_<checksum>`: 257 bits, so a plain SHA-256 is enough (there is
nothing to try out), and the checksum refuses garbage and typing errors before the database is asked.
"""

import hashlib
import re
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from common.uids import random_text

from . import audit, inputs
from .actors import Actor
from .errors import Invalid
from .models import ApiKey, Organisation, Permission, Shop

_RANDOM_CHARACTERS = 52
_VISIBLE_CHARACTERS = 12  # `rxs_` and 8 of chance; 217 bits stay secret
_KEY = re.compile(r"(rxs_[2-9a-z]{52})_([0-9a-f]{8})")
_USE_IS_RECORDED_EVERY = timedelta(minutes=1)


class ApiKeyRefused(Exception):
    """No key of ours, revoked, or its organisation is inactive. Says no more than that."""


def issue(
    organisation: Organisation,
    *,
    name: str,
    permissions: Sequence[str],
    shop: Shop | None = None,
    actor: Actor,
    now: datetime,
) -> tuple[ApiKey, str]:
    """Make a key, audited; the text is returned this once. `shop` binds the key to one shop.

    Raises Invalid for a blank name, no or unknown permissions, another organisation's shop.
    """
    _check_reach(organisation, permissions, shop)
    text = _new_text()
    key = ApiKey(
        organisation=organisation,
        shop=shop,
        name=inputs.required_name("name", name),
        prefix=text[:_VISIBLE_CHARACTERS],
        digest=_digest(text),
        permissions=sorted(set(permissions)),
        created_by=actor.label,
        created_at=now,
    )
    with transaction.atomic():
        key.save(force_insert=True)
        _audit(
            key,
            "api_key.created",
            actor,
            now,
            {"permissions": key.permissions, "shop_uid": shop.uid if shop else None},
        )
    return key, text


def authenticate(text: str, *, now: datetime) -> ApiKey:
    """The living key of that text, with organisation and shop loaded. Raises ApiKeyRefused.

    Garbage costs no query, anything else one. Use is recorded with a second statement when the row
    just read says that was a minute ago: one write a minute per key, whatever the load.
    """
    match = _KEY.fullmatch(text)
    if match is None or match[2] != _checksum(match[1]):
        raise ApiKeyRefused
    living = ApiKey.objects.filter(revoked_at=None, organisation__is_active=True)
    key = living.select_related("organisation", "shop").filter(digest=_digest(text)).one_or_none()
    if key is None:
        raise ApiKeyRefused
    _record_use(key, now)
    return key


def revoke(key: ApiKey, *, actor: Actor, now: datetime) -> None:
    """Refuse the key from the next call on, on every process. Audited once; repeating it does nothing."""
    with transaction.atomic():
        if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
            key.revoked_at = now
            _audit(key, "api_key.revoked", actor, now)


def _check_reach(organisation: Organisation, permissions: Sequence[str], shop: Shop | None) -> None:
    if not permissions:
        raise Invalid("permissions", "Choose at least one permission.")
    if not set(permissions) <= set(Permission.values):
        raise Invalid("permissions", f"Known permissions are {', '.join(Permission.values)}.")
    if shop is not None and shop.organisation_id != organisation.pk:
        raise Invalid("shop_uid", "There is no such shop.")


def _record_use(key: ApiKey, now: datetime) -> None:
    stale_before = now - _USE_IS_RECORDED_EVERY
    if key.last_used_at is not None and key.last_used_at > stale_before:
        return
    # Asked again in the statement: of many processes that read the same stale row one writes.
    is_stale = Q(last_used_at=None) | Q(last_used_at__lte=stale_before)
    if ApiKey.objects.filter(is_stale, pk=key.pk).update(last_used_at=now):
        key.last_used_at = now


def _new_text() -> str:
    body = f"rxs_{random_text(_RANDOM_CHARACTERS)}"
    return f"{body}_{_checksum(body)}"


def _checksum(body: str) -> str:
    return f"{zlib.crc32(body.encode()):08x}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _audit(
    key: ApiKey,
    action: str,
    actor: Actor,
    now: datetime,
    details: Mapping[str, str | list[str] | None] | None = None,
) -> None:
    audit.record(
        key.organisation, action, actor=actor, now=now, object_uid=key.uid, details=details
    )
