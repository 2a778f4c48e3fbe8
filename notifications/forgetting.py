"""Forgetting what was said about somebody, before the retention would (settings.RETENTION_DAYS)."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from organisations.models import Organisation

from .errors import Refused
from .models import Delivery, DeliveryState, Event


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
