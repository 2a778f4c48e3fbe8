"""Forgetting what was said: about somebody at once, about everybody after settings.DELIVERY_BODIES_DAYS."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from organisations.models import Organisation

from .errors import Refused
from .models import Delivery, DeliveryAttempt, DeliveryState, Event


def forget(organisation: Organisation, about_uids: Collection[str], *, now: datetime) -> int:
    """Remove every event and delivery about these appointments; how many deliveries there were.

    With them go bodies, addresses, attempts and answers, also of what has not left yet. Part of the
    caller's transaction. Raises Refused while a worker is sending one of them: a moment later it works.
    """
    deliveries = Delivery.objects.of(organisation).filter(about_uid__in=about_uids)
    with transaction.atomic():
        waiting = deliveries.filter(state=DeliveryState.PENDING).select_for_update(no_key=True)
        leases = list(waiting.values_list("leased_until", flat=True))
        if any(until is not None and until > now for until in leases):
            raise Refused("A message is leaving at this moment. Try again in a minute.")
        count = deliveries.count()
        deliveries.delete()
        Event.objects.of(organisation).filter(about_uid__in=about_uids).delete()
    return count


def events_to_empty(before: datetime) -> QuerySet[Event]:
    return Event.objects.filter(created_at__lt=before, emptied_at=None)


def deliveries_to_empty(before: datetime) -> QuerySet[Delivery]:
    """The settled ones: what waits to be sent needs its body."""
    settled = Delivery.objects.exclude(state=DeliveryState.PENDING)
    return settled.filter(created_at__lt=before, emptied_at=None)


def empty_events(rows: QuerySet[Event], now: datetime) -> None:
    """Keep that something happened, and when; forget what was told of it."""
    rows.update(data={}, contact_paths=[], emptied_at=now)


@transaction.atomic
def empty_deliveries(rows: QuerySet[Delivery], now: datetime) -> None:
    """Keep that something was sent, when and with what outcome; forget the text, the address, the answers."""
    DeliveryAttempt.objects.filter(delivery__in=rows).update(response_excerpt="")
    rows.update(body="", context={}, address="", emptied_at=now)
