"""What the demo's shop is given at each start: its keys, its two subscriptions, and the way back to it."""

import os
from datetime import datetime

from django.conf import settings

from notifications import subscriptions
from notifications.errors import Invalid
from notifications.models import EventType, NotificationSubscription
from notifications.subscriptions import Options
from organisations.actors import SYSTEM
from organisations.models import Shop

from . import shop
from .clinic import Clinic

RECEIVERS = {"reminders": EventType.REMINDER_DUE, "visits": EventType.MEETING_UPDATED}
_SHOP = "/demo/shop/"


def hand_over(clinic: Clinic, booking_secret: dict[str, str], *, now: datetime) -> None:
    """Write the shop's keys. A subscription it has been given stays as its users left it, deleted or not."""
    api = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
    known = shop.read_keys()
    signing_secrets, uids = {}, {}
    for name, event_type in RECEIVERS.items():
        target = f"{api}{_SHOP}webhooks/{name}"
        found = _kept(clinic, known, name, target, now=now) or _new(
            clinic, event_type, target, now=now
        )
        if found:
            uids[name], signing_secrets[name] = found
    shop.write_keys(
        shop.Keys(
            api=api,
            shop_identifier=clinic.shop.identifier,
            key_id=booking_secret["key_id"],
            secret=booking_secret["secret"],
            signing_secrets=signing_secrets,
            subscription_uids=uids,
        )
    )
    _lead_back(clinic.shop)


def _kept(
    clinic: Clinic, known: shop.Keys | None, name: str, target: str, *, now: datetime
) -> tuple[str, str] | None:
    """The subscription of an earlier start; None when there is none, or it points to another port."""
    if known is None or name not in known.subscription_uids:
        return None
    uid = known.subscription_uids[name]
    row = NotificationSubscription.objects.of(clinic.organisation).filter(uid=uid).first()
    if row is None:
        return None  # a demo begun anew
    if row.target != target:
        subscriptions.delete(row, actor=SYSTEM, now=now)
        return None
    return uid, known.signing_secrets[name]


def _new(
    clinic: Clinic, event_type: EventType, target: str, *, now: datetime
) -> tuple[str, str] | None:
    """None where webhooks may not go: to a port below 1024."""
    for orphan in NotificationSubscription.objects.of(clinic.organisation).living():
        if (orphan.notification_type, orphan.target) == (event_type, target):
            subscriptions.delete(orphan, actor=SYSTEM, now=now)  # its secret was lost with the file
    options = Options(include_contact=True, include_holds=True)
    try:
        row, secret = subscriptions.create(
            clinic.organisation,
            notification_type=event_type,
            target=target,
            shop=clinic.shop,
            options=options,
            actor=SYSTEM,
            now=now,
        )
    except Invalid:
        return None
    return row.uid, secret


def _lead_back(row: Shop) -> None:
    """The booking page's links lead to the shop's own pages, also when the demo moves to another port."""
    if row.return_url and not row.return_url.endswith(_SHOP):
        return  # somebody has set another one
    home = f"{settings.BASE_URL}{_SHOP}"
    row.return_url = home
    row.privacy_notice_url, row.imprint_url = f"{home}privacy", f"{home}imprint"
    row.save(update_fields=["return_url", "privacy_notice_url", "imprint_url"])
