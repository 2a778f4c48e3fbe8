"""What the pages of notification subscriptions read, and in which words they say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import OuterRef, QuerySet, Subquery

from notifications import signing
from notifications.models import (
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    EventType,
    NotificationSubscription,
)
from organisations.models import Organisation
from portals.clinic.access import ClinicRequest
from portals.rendering import get_or_404

EVENTS: Mapping[str, str] = {
    EventType.REMINDER_DUE: "A reminder is due",
    EventType.MEETING_UPDATED: "An appointment changed",
}
_SOON = timedelta(seconds=30)  # an attempt planned for later than that is not worth watching


@dataclass(frozen=True, slots=True)
class Line:
    """A subscription as the list shows it. `state` is one of portals.badges; `because` says why."""

    subscription: NotificationSubscription
    event: str
    headers: list[str]
    state: str
    because: str
    since: datetime | None


def subscriptions_of(organisation: Organisation) -> QuerySet[NotificationSubscription]:
    """The living ones, with what describing them needs."""
    rows = NotificationSubscription.objects.of(organisation).living()
    return rows.select_related("organisation", "shop")


def find_subscription(request: ClinicRequest, uid: str) -> NotificationSubscription:
    """Absent, another organisation's or deleted: 404."""
    return get_or_404(subscriptions_of(request.organisation), uid=uid)


def line(subscription: NotificationSubscription) -> Line:
    """Asks nothing; decrypts the custom headers for their names."""
    state, because, since = "active", "", None
    if subscription.disabled_at:
        state, because = "disabled", subscription.disabled_reason
        since = subscription.disabled_at
    elif subscription.failing_since:
        state, since = "failing", subscription.failing_since
    return Line(
        subscription=subscription,
        event=EVENTS[subscription.notification_type],
        headers=sorted(signing.custom_headers(subscription)),
        state=state,
        because=because,
        since=since,
    )


def deliveries_of(subscription: NotificationSubscription) -> QuerySet[Delivery]:
    """The delivery log without bodies."""
    return _with_last_attempt(subscription).defer("body", "context")


def undelivered(deliveries: QuerySet[Delivery]) -> QuerySet[Delivery]:
    return deliveries.exclude(state=DeliveryState.DELIVERED)


def find_delivery(subscription: NotificationSubscription, uid: str) -> Delivery:
    rows = _with_last_attempt(subscription)
    return get_or_404(rows.select_related("organisation", "event", "subscription"), uid=uid)


def is_about_to_leave(delivery: Delivery, now: datetime) -> bool:
    """Whether its outcome is worth waiting for on the page."""
    planned = delivery.next_attempt_at
    return delivery.state == DeliveryState.PENDING and bool(planned and planned <= now + _SOON)


def _with_last_attempt(subscription: NotificationSubscription) -> QuerySet[Delivery]:
    """With `last_status` and `last_error`, of the last attempt."""
    attempts = DeliveryAttempt.objects.filter(delivery=OuterRef("pk")).order_by("-number")
    return (
        Delivery.objects.of(subscription.organisation)
        .filter(subscription=subscription)
        .annotate(
            last_status=Subquery(attempts.values("status_code")[:1]),
            last_error=Subquery(attempts.values("error")[:1]),
        )
    )
