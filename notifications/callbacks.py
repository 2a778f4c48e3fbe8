"""What providers report afterwards: arrived, bounced, complained, failed. The surfaces check signatures."""

from datetime import datetime
from enum import Enum, auto

from django.db import transaction
from django.db.models import Q

from . import leases
from .models import Channel, Delivery, DeliveryState, SuppressionReason

_OPEN = (DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.UNKNOWN)


class Report(Enum):
    """`TAKEN`: the provider has it, which settles an SMS that was `unknown`."""

    TAKEN = auto()
    DELIVERED = auto()
    FAILED = auto()
    BOUNCED = auto()
    COMPLAINED = auto()
    OPTED_OUT = auto()


_RESULTS = {
    Report.TAKEN: (DeliveryState.SENT, (DeliveryState.PENDING, DeliveryState.UNKNOWN), None),
    Report.DELIVERED: (DeliveryState.DELIVERED, _OPEN, None),
    Report.FAILED: (DeliveryState.FAILED, _OPEN, None),
    Report.BOUNCED: (
        DeliveryState.BOUNCED,
        (*_OPEN, DeliveryState.DELIVERED),  # a relay may take it first and return it later
        SuppressionReason.BOUNCED,
    ),
    Report.COMPLAINED: (
        DeliveryState.DELIVERED,  # who complains has received it
        (*_OPEN, DeliveryState.DELIVERED),
        SuppressionReason.COMPLAINED,
    ),
    Report.OPTED_OUT: (DeliveryState.SKIPPED, _OPEN, SuppressionReason.OPTED_OUT),
}
"""Per report: the state it leads to, from which states, and what it means for the address."""


def find(channel: Channel, *, uid: str = "", provider_message_id: str = "") -> Delivery | None:
    """The delivery a provider speaks of, by our uid or by its own number."""
    deliveries = Delivery.objects.filter(channel=channel)
    if uid and (delivery := deliveries.filter(uid=uid).one_or_none()):
        return delivery
    if not provider_message_id:
        return None
    return deliveries.filter(provider_message_id=provider_message_id).first()


def settle(delivery: Delivery, report: Report, *, reason: str = "", now: datetime) -> bool:
    """Note the report; False when it changes nothing (repeated, out of order, or overtaken).

    It may overtake the answer of the call itself: a delivery that is still being sent is settled, too,
    once its attempt has begun. Suppresses the address where the report says so.
    """
    state, sources, suppression = _RESULTS[report]
    began = ~Q(state=DeliveryState.PENDING) | Q(attempt_count__gt=0)
    with transaction.atomic():
        if suppression:
            leases.suppress(delivery, suppression, now)
        changed = Delivery.objects.filter(began, pk=delivery.pk, state__in=sources).update(
            state=state,
            reason=reason[:200],
            next_attempt_at=None,
            settled_at=now,
            leased_until=None,
            lease_token="",
        )
    return changed == 1
