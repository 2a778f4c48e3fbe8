"""Launch codes: open the hosted booking page for one patient, once, so that no token is ever in a URL."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from organisations.models import Patient, Shop
from organisations.patients import FieldWarning

from .models import BookingLaunchCode
from .tokens import BookingToken

_CODE_BYTES = 32

Reason = Literal["unknown", "used", "expired", "revoked"]


class LaunchCodeRefused(Exception):
    """The code opens nothing. `reason` is `unknown`, `used`, `expired` or `revoked`.

    `shop` is whose code it was, to lead back there.
    """

    def __init__(self, reason: Reason, shop: Shop | None = None) -> None:
        super().__init__(reason)
        self.reason: Reason = reason
        self.shop = shop


def issue(
    token: BookingToken, patient: Patient, *, now: datetime, warnings: Iterable[FieldWarning] = ()
) -> tuple[str, BookingLaunchCode]:
    """Make a code for that patient, valid for settings.LAUNCH_CODE_SECONDS. Only its hash is stored.

    `warnings`: what of the token's profile could not be used; the page says so beside the fields.
    """
    code = secrets.token_urlsafe(_CODE_BYTES)
    row = BookingLaunchCode.objects.create(
        organisation=token.organisation,
        shop=token.shop,
        patient=patient,
        secret=token.secret,
        digest=digest_of(code),
        created_at=now,
        expires_at=now + timedelta(seconds=settings.LAUNCH_CODE_SECONDS),
        warnings=[asdict(warning) for warning in warnings],
    )
    return code, row


def find(code: str, *, now: datetime) -> BookingLaunchCode:
    """The unused code's row, with organisation, shop, patient and secret; nothing changes. One statement.

    Raises LaunchCodeRefused as `exchange` does.
    """
    everything = BookingLaunchCode.objects.select_related(
        "organisation", "shop", "patient", "secret"
    )
    row = everything.filter(digest=digest_of(code)).one_or_none()
    if row is None:
        raise LaunchCodeRefused("unknown")
    if reason := _reason_against(row, now):
        raise LaunchCodeRefused(reason, row.shop)
    return row


def exchange(code: str, *, now: datetime) -> BookingLaunchCode:
    """Use the code up; the row with organisation, shop, patient and secret. Of parallel calls one succeeds.

    Refused when used before, run out, unknown, or when secret, shop or organisation were withdrawn
    meanwhile. Raises LaunchCodeRefused. At most two statements.
    """
    row = find(code, now=now)
    # Compare and swap on the row itself: the check above may be out of date by now.
    if not BookingLaunchCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise LaunchCodeRefused("used", row.shop)
    row.used_at = now
    return row


def is_withdrawn(row: BookingLaunchCode) -> bool:
    """Whether who vouched, or for whom, is gone: secret, shop, organisation or the patient's profile."""
    is_open = row.shop.is_active and row.organisation.is_active and row.patient.erased_at is None
    return row.secret.revoked_at is not None or not is_open


def _reason_against(row: BookingLaunchCode, now: datetime) -> Reason | None:
    if row.used_at is not None:
        return "used"
    if now >= row.expires_at:
        return "expired"
    return "revoked" if is_withdrawn(row) else None


def digest_of(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
