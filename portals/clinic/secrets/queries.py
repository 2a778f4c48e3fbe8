"""What the pages about booking secrets show: the list, what a revocation breaks, what was refused."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from appointments.models import Appointment
from appointments.status import Status
from booking_secrets import refusal_counts
from booking_secrets.models import BookingLaunchCode, BookingSecret, BookingSecretQuerySet
from organisations.models import Organisation, Shop

from .refusal_words import Words, words_for

RECENTLY = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Impact:
    """What stops when a secret is revoked, as far as can be known.

    `unopened` booking links, booking pages `opened` within RECENTLY, and `choosing`: patients who hold
    a time right now in the secret's shops, whichever way they came.
    """

    is_last: bool
    is_token_alive: bool
    unopened: int
    opened: int
    choosing: int


@dataclass(frozen=True, slots=True)
class Refused:
    secret: BookingSecret | None
    words: Words
    count: int


def secrets_of(organisation: Organisation) -> BookingSecretQuerySet:
    return BookingSecret.objects.of(organisation).select_related("shop", "organisation")


def impact_of(secret: BookingSecret, *, now: datetime) -> Impact:
    """Four queries."""
    codes = BookingLaunchCode.objects.filter(secret=secret).aggregate(
        unopened=Count("pk", filter=Q(used_at=None, expires_at__gt=now)),
        opened=Count("pk", filter=Q(used_at__gt=now - RECENTLY)),
    )
    visits = Appointment.objects.of(secret.organisation).with_status_now((Status.HELD,), now)
    if secret.shop_id is not None:
        visits = visits.filter(shop=secret.shop_id)
    expires_at = secret.last_token_expires_at
    return Impact(
        is_last=not _substitutes_of(secret).exists(),
        is_token_alive=expires_at is not None and expires_at > now,
        unopened=codes["unopened"],
        opened=codes["opened"],
        choosing=visits.aggregate(number=Count("patient", distinct=True))["number"],
    )


def _substitutes_of(secret: BookingSecret) -> BookingSecretQuerySet:
    """Active secrets that speak for every shop this one speaks for."""
    others = BookingSecret.objects.of(secret.organisation).active().exclude(pk=secret.pk)
    return (
        others.filter(Q(shop=None) | Q(shop=secret.shop_id))
        if secret.shop_id
        else others.filter(shop=None)
    )


def refused_lately(organisation: Organisation, *, now: datetime) -> Sequence[Refused] | None:
    """By secret and reason, most frequent first. None: the counts are not at hand. At most one query."""
    counted = refusal_counts.read(organisation.uid, now=now)
    if counted is None:
        return None
    rows = BookingSecret.objects.of(organisation).filter(key_id__in={one.key_id for one in counted})
    named = {secret.key_id: secret for secret in rows} if counted else {}
    return [Refused(named.get(one.key_id), words_for(one.reason), one.count) for one in counted]


def shop_for_snippet(secret: BookingSecret) -> str:
    """The identifier to show in the minter's code: the secret's shop, else the organisation's first."""
    if secret.shop is not None:
        return secret.shop.identifier
    shops = Shop.objects.of(secret.organisation).filter(is_active=True).order_by("name", "uid")
    first = shops.values_list("identifier", flat=True).first()
    return first or "your-shop.example"
