"""What is forgotten, and when: rows nobody needs any more, removed in batches by the daily pass.

Visits, their history, the reminders' rows and the audit log stay; what was said to whom, and where to,
goes after settings.RETENTION_DAYS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from api.models import IdempotencyKey
from booking_secrets.models import BookingLaunchCode, BookingSession
from notifications.models import Delivery, Event
from organisations.models import Invitation, MaintenanceRun

BATCH = 500  # rows a statement, each its own transaction: nobody waits long for a lock
MOST_BATCHES = 40  # a kind and pass; what is left over goes a minute later

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A kind of row and which of them are old at `now`; where they are many, an index finds them."""

    name: str
    old: Callable[[datetime], QuerySet[Any]]


def _sent_before_retention(now: datetime) -> datetime:
    return now - timedelta(days=settings.RETENTION_DAYS)


def _settled_before(instant: datetime) -> Q:
    """Invitations accepted or withdrawn: the audit log remembers them, their addresses need not stay."""
    return Q(accepted_at__lt=instant) | Q(withdrawn_at__lt=instant)


# In this order: an event takes its deliveries along, a delivery its attempts.
KINDS = (
    Forgotten(
        "idempotency_keys", lambda now: IdempotencyKey.objects.filter(created_at__lt=now - _DAY)
    ),
    Forgotten(
        "booking_sessions", lambda now: BookingSession.objects.filter(expires_at__lt=now - _DAY)
    ),
    Forgotten(
        "launch_codes", lambda now: BookingLaunchCode.objects.filter(expires_at__lt=now - _DAY)
    ),
    Forgotten("sessions", lambda now: Session.objects.filter(expire_date__lt=now)),
    Forgotten(
        "events", lambda now: Event.objects.filter(created_at__lt=_sent_before_retention(now))
    ),
    Forgotten(
        "deliveries",
        lambda now: Delivery.objects.filter(created_at__lt=_sent_before_retention(now)),
    ),
    Forgotten(
        "maintenance_runs",
        lambda now: MaintenanceRun.objects.filter(started_at__lt=now - 30 * _DAY),
    ),
    Forgotten(
        "settled_invitations",
        lambda now: Invitation.objects.filter(_settled_before(now - 30 * _DAY)),
    ),
)


def forget(now: datetime) -> dict[str, int]:
    """Remove what is old at `now`; how many of each kind, without the kinds that had none.

    A kind that reaches MOST_BATCHES is not through: see `is_through`.
    """
    counts = {kind.name: _forget(kind.old(now)) for kind in KINDS}
    return {name: count for name, count in counts.items() if count}


def is_through(counts: dict[str, int]) -> bool:
    """Whether a pass with these counts removed all there was."""
    return all(count < BATCH * MOST_BATCHES for count in counts.values())


def _forget(old: QuerySet[Any]) -> int:
    removed = 0
    for _ in range(MOST_BATCHES):
        batch = list(old.values_list("pk", flat=True)[:BATCH])
        old.model._default_manager.filter(pk__in=batch).delete()
        removed += len(batch)
        if len(batch) < BATCH:
            break
    return removed
