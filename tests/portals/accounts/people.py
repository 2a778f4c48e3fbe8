"""Signing in like a person: forms posted, codes computed, mails read as they would be sent."""

import re
import time
from datetime import datetime

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from notifications import kinds
from notifications.models import Delivery
from organisations.models import AuditEntry, Organisation, User
from portals.accounts import second_factor

PASSWORD = "correct horse battery"


def post(client: Client, route: str, **fields: str) -> HttpResponse:
    response = client.post(reverse(route), fields)
    assert isinstance(response, HttpResponse)
    return response


def sign_in(client: Client, user: User, password: str = PASSWORD, **more: str) -> HttpResponse:
    return post(client, "account_login", login=user.email, password=password, **more)


def give_second_factor(user: User) -> str:
    """The secret, in the row as allauth would have left it."""
    secret: str = totp.generate_totp_secret()
    Authenticator.objects.create(
        user=user,
        type=Authenticator.Type.TOTP,
        data={"secret": second_factor.encrypt_text(secret, user.uid)},
    )
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """What an app shows now, or that many half minutes from now."""
    counter = int(time.time()) // 30 + steps
    code: str = totp.format_hotp_value(totp.hotp_value(secret, counter))
    return code


def mail_of(kind: str, now: datetime) -> kinds.Email:
    """The one mail of that kind that waits, as it is written."""
    delivery = Delivery.objects.get(kind=kind)
    found = kinds.find(kind)
    assert found.still_wanted(delivery, now) == ""
    mail = found.render(delivery, now)
    assert isinstance(mail, kinds.Email)
    return mail


def link_in(mail: kinds.Email) -> str:
    match = re.search(r"https?://[^/\s]+(/accounts/\S+)", mail.text)
    assert match
    return match[1]


def audited(organisation: Organisation) -> list[tuple[str, str]]:
    entries = AuditEntry.objects.of(organisation).order_by("id")
    return [(entry.action, str(entry.details.get("why", ""))) for entry in entries]
