"""Who holds a delivery: claiming, beginning an attempt, recording it, giving it back.

A claim is a random token with an end. Every later write names the token and finds the row only while the
claim still stands, so a worker that was given up cannot overwrite what its successor did. Each function is
one short transaction that is committed on return (`durable`): nothing is sent while one is open.
"""

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from . import endpoints
from .models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    Suppression,
    SuppressionReason,
)
from .outcomes import Next, Outcome
from .retries import next_attempt_at

CLAIM_LEASE = timedelta(seconds=30)
"""From claim to attempt; a batch is small enough to be begun within it. A killed worker's rest waits for it."""
STAND_BACK = timedelta(minutes=1)

_random = secrets.SystemRandom()


def claim(now: datetime, *, limit: int, ids: Sequence[int] | None = None) -> list[Delivery]:
    """Take up to `limit` due deliveries (of `ids`, when given), passing over what others hold."""
    token = secrets.token_hex(16)
    with transaction.atomic(durable=True):
        due = Delivery.objects.due(now)
        if ids is not None:
            due = due.filter(pk__in=ids)
        locked = due.order_by("next_attempt_at", "pk").select_for_update(
            skip_locked=True, no_key=True
        )
        taken = list(locked.values_list("pk", flat=True)[:limit])
        Delivery.objects.filter(pk__in=taken).update(
            lease_token=token, leased_until=now + CLAIM_LEASE
        )
    return list(
        Delivery.objects.filter(pk__in=taken, lease_token=token)
        .select_related("organisation", "event", "subscription__organisation")
        .order_by("next_attempt_at", "pk")
    )


def begin(delivery: Delivery, now: datetime, lease: timedelta) -> DeliveryAttempt | None:
    """Note that an attempt begins; None when the claim has run out meanwhile. Renews the lease.

    For an SMS this is the point of no return: without a recorded answer it will be `unknown`.
    """
    changes: dict[str, object] = {
        "leased_until": now + lease,
        "attempt_count": F("attempt_count") + 1,
    }
    if delivery.channel == Channel.SMS:
        changes["call_began_at"] = now
    with transaction.atomic(durable=True):
        if not _held(delivery).filter(leased_until__gt=now).update(**changes):
            return None
        delivery.attempt_count += 1
        return DeliveryAttempt.objects.create(
            delivery=delivery, number=delivery.attempt_count, started_at=now
        )


def record(delivery: Delivery, attempt: DeliveryAttempt, outcome: Outcome, now: datetime) -> bool:
    """Store the attempt, then settle the delivery or plan its next attempt. False: the claim was lost."""
    with transaction.atomic(durable=True):
        attempt.finished_at = max(now, attempt.started_at)
        attempt.status_code = outcome.status_code
        attempt.error = outcome.error[:500]
        attempt.response_excerpt = outcome.excerpt
        attempt.save(update_fields=["finished_at", "status_code", "error", "response_excerpt"])
        if outcome.suppress:
            suppress(delivery, outcome.suppress, now)
        is_ours = _conclude(delivery, outcome, now)
        if delivery.subscription:
            endpoints.note(delivery, outcome, now)
    return is_ours


def skip(delivery: Delivery, reason: str, now: datetime) -> None:
    """Settle a claimed delivery that is no longer wanted; no attempt is counted."""
    with transaction.atomic(durable=True):
        _settle(delivery, DeliveryState.SKIPPED, reason, now)


def give_up_on_unanswered(delivery: Delivery, now: datetime) -> None:
    """An SMS whose call went out and was never recorded: `unknown`, for the callback to settle."""
    with transaction.atomic(durable=True):
        _settle(delivery, DeliveryState.UNKNOWN, "no answer was recorded", now)


def stand_back(waiting: Iterable[Delivery], delivery: Delivery, now: datetime) -> None:
    """Let everything else for a far end that hangs wait a minute, also what `waiting` has claimed."""
    lane = Q(channel=delivery.channel, subscription=delivery.subscription)
    claimed = Q(
        pk__in=[other.pk for other in waiting],
        lease_token=delivery.lease_token,
        state=DeliveryState.PENDING,
    )
    later = now + STAND_BACK
    with transaction.atomic(durable=True):
        Delivery.objects.filter(claimed).update(
            next_attempt_at=later, leased_until=None, lease_token=""
        )
        # In key order and around what others hold: two workers never wait for each other here.
        idle = Delivery.objects.due(now).filter(lane).order_by("pk")
        locked = idle.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True)
        Delivery.objects.filter(pk__in=list(locked)).update(next_attempt_at=later)


def _conclude(delivery: Delivery, outcome: Outcome, now: datetime) -> bool:
    if outcome.next is not Next.RETRY:
        state = DeliveryState(outcome.next.value)
        return _settle(delivery, state, outcome.reason, now, outcome.provider_message_id)
    again = next_attempt_at(
        delivery.attempt_count,
        now=now,
        spread=_random.random(),
        retry_after=outcome.retry_after,
    )
    if again is None:
        return _settle(delivery, DeliveryState.FAILED, "no attempt succeeded", now)
    changed = _held(delivery).update(
        next_attempt_at=again, leased_until=None, lease_token="", call_began_at=None
    )
    return changed == 1


def _settle(
    delivery: Delivery,
    state: DeliveryState,
    reason: str,
    now: datetime,
    provider_message_id: str = "",
) -> bool:
    changed = _held(delivery).update(
        state=state,
        reason=reason[:200],
        provider_message_id=provider_message_id[:200],
        next_attempt_at=None,
        settled_at=now,
        leased_until=None,
        lease_token="",
    )
    if changed:
        delivery.state = state
    return changed == 1


def _held(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        pk=delivery.pk, state=DeliveryState.PENDING, lease_token=delivery.lease_token
    )


def suppress(delivery: Delivery, reason: SuppressionReason, now: datetime) -> None:
    """Send nothing more to the delivery's address over its channel, in its organisation."""
    row = Suppression(
        organisation_id=delivery.organisation_id,
        channel=delivery.channel,
        address=delivery.address.lower(),
        reason=reason,
        created_at=now,
    )
    Suppression.objects.bulk_create([row], ignore_conflicts=True)
