"""Launch codes: open the hosted booking page for one patient, once, so that no token is ever in a URL."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings

from organisations.models import Patient

from .models import BookingLaunchCode
from .tokens import BookingToken

_CODE_BYTES = 32

Reason = Literal["unknown", "used", "expired", "revoked"]


class LaunchCodeRefused(Exception):
    """The code opens nothing. `reason` is `unknown`, `used`, `expired` or `revoked`."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason)
        self.reason: Reason = reason


def issue(token: BookingToken, patient: Patient, *, now: datetime) -> tuple[str, BookingLaunchCode]:
    """Make a code for that patient, valid for settings.LAUNCH_CODE_SECONDS. Only its hash is stored."""
    code = secrets.token_urlsafe(_CODE_BYTES)
    row = BookingLaunchCode.objects.create(
        organisation=token.organisation,
        shop=token.shop,
        patient=patient,
        secret=token.secret,
        digest=_digest(code),
        created_at=now,
        expires_at=now + timedelta(seconds=settings.LAUNCH_CODE_SECONDS),
    )
    return code, row


def exchange(code: str, *, now: datetime) -> BookingLaunchCode:
    """Use the code up; the row with organisation, shop, patient and secret. Of parallel calls one succeeds.

    Refused when used before, run out, unknown, or when secret, shop or organisation were withdrawn
    meanwhile. Raises LaunchCodeRefused. At most two statements.
    """
    everything = BookingLaunchCode.objects.select_related(
        "organisation", "shop", "patient", "secret"
    )
    row = everything.filter(digest=_digest(code)).first()
    if row is None:
        raise LaunchCodeRefused("unknown")
    if reason := _reason_against(row, now):
        raise LaunchCodeRefused(reason)
    # Compare and swap on the row itself: the check above may be out of date by now.
    if not BookingLaunchCode.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
        raise LaunchCodeRefused("used")
    row.used_at = now
    return row


def _reason_against(row: BookingLaunchCode, now: datetime) -> Reason | None:
    if row.used_at is not None:
        return "used"
    if now >= row.expires_at:
        return "expired"
    if row.secret.revoked_at is not None or not (row.shop.is_active and row.organisation.is_active):
        return "revoked"
    return None


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()
