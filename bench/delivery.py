"""Delivery: events to a local receiver, by one and by two real workers.

The floor posts the same number of bodies of the same size with the same client from sixteen threads of one
process: no rows, no leases, no signature, no record.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime

import httpx
from django.db import transaction

from common.clock import to_epoch
from common.uids import new_uid
from notifications import outbox, subscriptions
from notifications.delivery import PARALLEL
from notifications.models import Delivery, DeliveryState, EventType
from notifications.outbox import NewEvent
from organisations.models import Organisation
from rxscale.celery import app
from tests.factories import ADMIN, make_organisation

from . import programs, receiver
from .figures import Figure

DATA: dict[str, object] = {
    "uid": "mtg-bench",
    "note": "x" * 1200,
}  # about the size of a reminder's body
PATIENCE_SECONDS = 300


def measure(*, quick: bool) -> Iterator[Figure]:
    events = 200 if quick else 4_000
    with receiver.receiving() as target:
        organisation = _subscribed(target)
        floor = _bare_posts(target, events)
        for workers, took, attempts in delivered(organisation, events):
            label = f"{events:,} webhooks, {workers} worker{'s'[: workers - 1]}"
            each, least = took / events * 1000, floor / events * 1000
            yield Figure("delivery", f"{label}: each", each, "ms", least, "bare posts")
            yield Figure("delivery", f"{label}: a second", events / took, "")
            yield Figure("delivery", f"{label}: attempts too many", attempts - events, "", bar=0)


def _subscribed(target: str) -> Organisation:
    organisation = make_organisation()
    subscriptions.create(
        organisation,
        notification_type=EventType.MEETING_UPDATED,
        target=target,
        actor=ADMIN,
        now=datetime.now(UTC),
    )
    return organisation


def _bare_posts(target: str, events: int) -> float:
    """Seconds."""
    body = b"x" * 1400
    with httpx.Client() as client, ThreadPoolExecutor(PARALLEL) as threads:

        def post(_: int) -> None:
            client.post(target, content=body).raise_for_status()

        began = time.perf_counter()
        list(threads.map(post, range(events)))
        return time.perf_counter() - began


def delivered(organisation: Organisation, events: int) -> Iterator[tuple[int, float, int]]:
    """With one worker, then with another beside it: how many, seconds until all are delivered, attempts."""
    with ExitStack() as stack:
        for workers in (1, 2):
            stack.enter_context(programs.celery("worker", name=f"w{workers}"))
            _wait_until_there(workers)
            _timed(organisation, 50 * workers)  # their imports and connections
            yield workers, *_timed(organisation, events)


def _timed(organisation: Organisation, events: int) -> tuple[float, int]:
    began = time.perf_counter()
    _publish(organisation, events)
    _wait_until_settled()
    took = time.perf_counter() - began
    sent = Delivery.objects.filter(state=DeliveryState.DELIVERED)
    attempts = sum(sent.values_list("attempt_count", flat=True))
    Delivery.objects.all().delete()
    return took, attempts


def _wait_until_there(workers: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while len(app.control.ping(timeout=0.5) or ()) < workers:
        if time.monotonic() > end:
            raise TimeoutError("a worker does not answer")


def _publish(organisation: Organisation, events: int) -> None:
    now = datetime.now(UTC)
    with transaction.atomic():
        outbox.publish(now=now, events=[_event(organisation, now) for _ in range(events)])


def _event(organisation: Organisation, now: datetime) -> NewEvent:
    uid = new_uid("mtg")
    return NewEvent(
        organisation_id=organisation.pk,
        shop_id=None,
        event_type=EventType.MEETING_UPDATED,
        subject_uid=uid,
        about_uid=uid,
        timestamp=to_epoch(now),
        data=DATA,
    )


def _wait_until_settled() -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while Delivery.objects.filter(state=DeliveryState.PENDING).exists():
        if time.monotonic() > end:
            raise TimeoutError("deliveries are left")
        time.sleep(0.02)
