"""What is forgotten, and when: in batches by the daily pass, or by hand with `manage.py retention`.

Visits that were booked, their history, the reminders' rows and the audit log stay. What was said to whom, and
where to, is emptied after settings.DELIVERY_BODIES_DAYS; the empty rows go after settings.RETENTION_DAYS.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db.models import Q, QuerySet

from api.models import IdempotencyKey
from appointments.models import Appointment
from booking_secrets.models import BookingLaunchCode, BookingSession
from notifications import forgetting
from notifications.models import Delivery, Event
from organisations.models import Invitation, MaintenanceRun

BATCH = 500  # rows a statement, each its own transaction: nobody waits long for a lock
MOST_BATCHES = 40  # a kind and pass; what is left over goes a minute later

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A kind of row, which of them are old at `now` (an index finds them), and what is done to them.

    What is done must make them old no longer.
    """

    name: str
    old: Callable[[datetime], QuerySet[Any]]
    let_go: Callable[[QuerySet[Any], datetime], object] = lambda rows, _now: rows.delete()


def _days_ago(now: datetime, setting: str) -> datetime:
    return now - timedelta(days=getattr(settings, setting))


def _settled_before(instant: datetime) -> Q:
    """Invitations accepted or withdrawn: the audit log remembers them, their addresses need not stay."""
    return Q(accepted_at__lt=instant) | Q(withdrawn_at__lt=instant)


# In this order: an event takes its deliveries along, a delivery its attempts, a hold its history.
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
        "unconfirmed_holds",
        lambda now: Appointment.objects.never_confirmed(_days_ago(now, "UNCONFIRMED_HOLDS_DAYS")),
    ),
    Forgotten(
        "events",
        lambda now: Event.objects.filter(created_at__lt=_days_ago(now, "RETENTION_DAYS")),
    ),
    Forgotten(
        "deliveries",
        lambda now: Delivery.objects.filter(created_at__lt=_days_ago(now, "RETENTION_DAYS")),
    ),
    Forgotten(
        "emptied_events",
        lambda now: forgetting.events_to_empty(_days_ago(now, "DELIVERY_BODIES_DAYS")),
        forgetting.empty_events,
    ),
    Forgotten(
        "emptied_deliveries",
        lambda now: forgetting.deliveries_to_empty(_days_ago(now, "DELIVERY_BODIES_DAYS")),
        forgetting.empty_deliveries,
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
    counts = {kind.name: _forget(kind, now) for kind in KINDS}
    return {name: count for name, count in counts.items() if count}


def is_through(counts: dict[str, int]) -> bool:
    """Whether a pass with these counts removed all there was."""
    return all(count < BATCH * MOST_BATCHES for count in counts.values())


def would_forget(now: datetime) -> dict[str, int]:
    """How many rows of each kind `forget` would deal with in the end; changes nothing."""
    return {kind.name: kind.old(now).count() for kind in KINDS}


def _forget(kind: Forgotten, now: datetime) -> int:
    done = 0
    old = kind.old(now)
    for _ in range(MOST_BATCHES):
        batch = list(old.values_list("pk", flat=True)[:BATCH])
        kind.let_go(old.model._default_manager.filter(pk__in=batch), now)
        done += len(batch)
        if len(batch) < BATCH:
            break
    return done
