"""What the demo tells its user and the examples: demo.json, and the words on the terminal."""

import json
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from booking_secrets import secrets
from booking_secrets.models import BookingSecret
from notifications import subscriptions
from notifications.models import EventType
from organisations import api_keys
from organisations.actors import SYSTEM
from organisations.api_keys import ApiKeyRefused
from organisations.models import Permission

from .clinic import PASSWORD, Clinic, find_subscription

DEMO_FILE = "demo.json"


def write(northside: Clinic, harbour: Clinic, *, now: datetime) -> Path:
    """Write demo.json (mode 0600). Credentials of an earlier start are kept while they open something."""
    path = settings.DATA_DIR / DEMO_FILE
    known = _read(path)
    content = {
        **_facts(northside, known, now=now),
        "other": _facts(harbour, known.get("other", {}), now=now),
    }
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(content, file, indent=2)
    path.chmod(0o600)
    return path


def booking_secret(path: Path) -> dict[str, str]:
    """`key_id` and `secret` of the first clinic's shop, as demo.json has them."""
    secret: dict[str, str] = json.loads(path.read_text())["booking_secret"]
    return secret


def _read(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _facts(clinic: Clinic, known: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    if known.get("organisation_uid") != clinic.organisation.uid:
        known = {}  # a demo begun anew
    doctor = clinic.doctors[0]
    return {
        "base_url": settings.BASE_URL,
        "organisation_uid": clinic.organisation.uid,
        "admin": {"email": clinic.plan.admin_email, "password": PASSWORD},
        "doctor": {"email": doctor.email, "password": PASSWORD},
        "shop_uid": clinic.shop.uid,
        "shop_identifier": clinic.shop.identifier,
        "appointment_type_uid": clinic.types[0].uid,
        "doctor_uid": doctor.uid,
        "booking_secret": _booking_secret(clinic, known.get("booking_secret"), now=now),
        "api_key": _api_key(clinic, known.get("api_key"), now=now),
        "webhook": _webhook(clinic, known.get("webhook"), now=now),
    }


def _booking_secret(
    clinic: Clinic, known: dict[str, str] | None, *, now: datetime
) -> dict[str, str]:
    active = BookingSecret.objects.of(clinic.organisation).active()
    if known and active.filter(key_id=known["key_id"]).exists():
        return known
    secret, value = secrets.create(clinic.organisation, name="Shop backend", actor=SYSTEM, now=now)
    return {"key_id": secret.key_id, "secret": value}


def _api_key(clinic: Clinic, known: str | None, *, now: datetime) -> str:
    with suppress(ApiKeyRefused):
        if known:
            api_keys.authenticate(known, now=now)
            return known
    _, text = api_keys.issue(
        clinic.organisation,
        name="Demo integrator",
        permissions=list(Permission.values),
        actor=SYSTEM,
        now=now,
    )
    return text


def _webhook(clinic: Clinic, known: dict[str, str] | None, *, now: datetime) -> dict[str, str]:
    """The subscription; one that was disabled, because nobody listened for days, receives again."""
    target = clinic.plan.webhook_target
    existing = find_subscription(clinic)
    if existing and known:
        subscriptions.enable(existing, send_missed=False, actor=SYSTEM, now=now)
        return known
    if existing:  # its secret was lost with demo.json
        subscriptions.delete(existing, actor=SYSTEM, now=now)
    _, signing_secret = subscriptions.create(
        clinic.organisation,
        notification_type=EventType.REMINDER_DUE,
        target=target,
        actor=SYSTEM,
        now=now,
    )
    return {"target": target, "signing_secret": signing_secret}


def words(path: Path) -> str:
    """What to open, with which logins, and a partner call ready to paste."""
    facts = json.loads(path.read_text())
    base = facts["base_url"]
    return f"""
RxScale Scheduling is running.

  Open      {base}/                         three doors: operations, doctor, a partner's shop
            {base}/v1/scheduling/apidocs    the Scheduling API
            {base}/staff/                   the RxScale team's desk
  Logins    staff   {STAFF_EMAIL}  {PASSWORD}
            admin   {facts["admin"]["email"]}  {PASSWORD}
            doctor  {facts["doctor"]["email"]}  {PASSWORD}
  Facts     {path}
  Mails     {settings.EMAIL_FILE_PATH}

  A partner's call, ready to paste (free slots of the next 24 hours):

    curl "{base}/v1/scheduling/slots?shop_uid={facts["shop_uid"]}\\
&appointment_type_uid={facts["appointment_type_uid"]}&from=$(date +%s)&to=$(($(date +%s) + 86400))"

  And a whole booking:   .venv/bin/python examples/partner_client.py
  Ctrl-C ends everything.
"""


STAFF_EMAIL = "team@rxscale.example"
