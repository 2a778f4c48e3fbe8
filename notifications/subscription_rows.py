"""How the verbs of subscriptions find, lock and audit their row."""

from datetime import datetime

from organisations import audit
from organisations.actors import Actor

from .errors import Refused
from .models import NotificationSubscription, NotificationSubscriptionQuerySet


def living(subscription: NotificationSubscription) -> NotificationSubscriptionQuerySet:
    """The row as a queryset for a conditional update; empty once it was deleted."""
    return NotificationSubscription.objects.living().filter(pk=subscription.pk)


def locked(subscription: NotificationSubscription) -> NotificationSubscription:
    """The row, fresh and under its lock. Raises Refused when it was deleted."""
    rows = living(subscription).select_related("organisation")
    row = rows.select_for_update(of=("self",), no_key=True).one_or_none()
    if row is None:
        raise Refused("The subscription was deleted.")
    return row


def record(
    subscription: NotificationSubscription,
    what: str,
    actor: Actor,
    now: datetime,
    **details: str | int | bool | None,
) -> None:
    """One entry of the audit log, in the caller's transaction."""
    audit.record(
        subscription.organisation,
        f"notification_subscription.{what}",
        actor=actor,
        now=now,
        object_uid=subscription.uid,
        details={**details},
    )
