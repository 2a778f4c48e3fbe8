"""The one engine for all channels: claim → still wanted? → send → record → when to try again.

This thread does all database work; a small pool of threads only talks to the outside, with no transaction
open. Deliveries to one far end form a lane: a lane has few of the pool's places, and one that hangs is set
aside for a minute, so that a dead receiver costs the others nothing.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from dataclasses import dataclass
from datetime import datetime, timedelta

from . import endpoints, kinds, leases
from .channels import email, sms, webhook
from .models import Channel, Delivery, DeliveryAttempt, Suppression
from .outcomes import Next, Outcome

PARALLEL = 16
LANE_WIDTH = 4
BATCH = 64  # 64 calls, 16 at a time, 5 seconds each: begun within the claim's lease
RUN_SECONDS = 45.0
"""After this a run claims nothing more, so that a task ends well before the broker hands it out again."""

_CHANNELS = {Channel.WEBHOOK: webhook, Channel.EMAIL: email, Channel.SMS: sms}
_log = logging.getLogger(__name__)


def deliver(ids: Sequence[int], now: datetime) -> int:
    """Send those of the deliveries that are due and free; returns how many were claimed.

    Must not run inside a transaction. What fails is planned again; nothing is raised for one bad delivery.
    """
    return _deliver(_Clock(now), limit=len(ids), ids=ids)


def deliver_due(now: datetime, limit: int = 1_000) -> int:
    """Send up to `limit` deliveries that are due: lost wake-ups, retries, what killed workers left.

    Must not run inside a transaction. Returns how many deliveries were claimed.
    """
    return _deliver(_Clock(now), limit=limit)


def _deliver(clock: "_Clock", *, limit: int, ids: Sequence[int] | None = None) -> int:
    claimed = 0
    with ThreadPoolExecutor(PARALLEL, thread_name_prefix="deliver") as pool:
        while claimed < limit and clock.elapsed() < RUN_SECONDS:
            batch = leases.claim(clock.now(), limit=min(BATCH, limit - claimed), ids=ids)
            if not batch:
                break
            claimed += len(batch)
            _Run(batch, pool, clock).finish()
    return claimed


class _Clock:
    """The caller's `now`, moved on by the time that passes while sending."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._started = time.monotonic()

    def elapsed(self) -> float:
        return time.monotonic() - self._started

    def now(self) -> datetime:
        return self._now + timedelta(seconds=self.elapsed())


@dataclass(slots=True)
class _Lane:
    """Deliveries to one far end: a subscription, the mail relay, or the SMS provider."""

    waiting: deque[Delivery]
    in_flight: int = 0


@dataclass(frozen=True, slots=True)
class _Flight:
    delivery: Delivery
    attempt: DeliveryAttempt
    lane: _Lane


class _Run:
    """One claimed batch on its way out."""

    def __init__(self, batch: list[Delivery], pool: ThreadPoolExecutor, clock: _Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._suppressed = _suppressed_among(batch)
        self._flights: dict[Future[Outcome], _Flight] = {}
        lanes: dict[tuple[str, int | None], _Lane] = {}
        for delivery in batch:
            key = (delivery.channel, delivery.subscription_id)
            lanes.setdefault(key, _Lane(deque())).waiting.append(delivery)
        self._lanes = list(lanes.values())

    def finish(self) -> None:
        """Send everything of the batch that is still wanted, and record what came of it."""
        self._fill()
        while self._flights:
            landed, _ = wait(self._flights, return_when=FIRST_COMPLETED)
            for future in landed:
                self._land(future)
            self._fill()

    def _fill(self) -> None:
        """Put free places of the pool to use, one delivery of each lane in turn."""
        while open_lanes := [
            lane for lane in self._lanes if lane.waiting and lane.in_flight < LANE_WIDTH
        ]:
            for lane in open_lanes:
                if len(self._flights) >= PARALLEL:
                    return
                self._start(lane.waiting.popleft(), lane)

    def _start(self, delivery: Delivery, lane: _Lane) -> None:
        now = self._clock.now()
        channel = _CHANNELS[Channel(delivery.channel)]
        try:
            if delivery.call_began_at and delivery.channel == Channel.SMS:
                leases.give_up_on_unanswered(delivery, now)
                return
            if reason := self._why_not(delivery, now):
                leases.skip(delivery, reason, now)
                return
            send = channel.prepare(delivery, now)
        except Exception as error:
            # One delivery whose text cannot be made must not stop the others: it counts as an attempt.
            _log.exception("cannot prepare delivery %s", delivery.uid)
            send = _failing(error)
        attempt = leases.begin(delivery, now, channel.LEASE)
        if attempt is None:
            return  # the claim ran out; whoever holds it now sends it
        lane.in_flight += 1
        flight = self._pool.submit(copy_context().run, send)  # with the log's request id
        self._flights[flight] = _Flight(delivery, attempt, lane)

    def _land(self, future: "Future[Outcome]") -> None:
        flight = self._flights.pop(future)
        delivery, lane = flight.delivery, flight.lane
        lane.in_flight -= 1
        outcome = _outcome_of(future, delivery)
        if not leases.record(delivery, flight.attempt, outcome, self._clock.now()):
            _log.warning("delivery %s was given to another worker meanwhile", delivery.uid)
        if outcome.was_slow:
            leases.stand_back(lane.waiting, delivery, self._clock.now())
            lane.waiting.clear()

    def _why_not(self, delivery: Delivery, now: datetime) -> str:
        """ "" when the delivery is still wanted, else why it is not."""
        if delivery.subscription:
            return endpoints.why_not(delivery.subscription, is_test=delivery.is_test)
        if not delivery.address:
            return "no address"
        key = (delivery.organisation_id, delivery.channel, delivery.address.lower())
        if reason := self._suppressed.get(key):
            return reason.replace("_", " ")
        return kinds.find(delivery.kind).still_wanted(delivery, now)


def _suppressed_among(batch: list[Delivery]) -> dict[tuple[int, str, str], str]:
    addresses = {delivery.address.lower() for delivery in batch if delivery.address}
    if not addresses:
        return {}
    found = Suppression.objects.filter(
        organisation__in={delivery.organisation_id for delivery in batch}, address__in=addresses
    )
    return {(row.organisation_id, row.channel, row.address): row.reason for row in found}


def _failing(error: Exception) -> Callable[[], Outcome]:
    outcome = Outcome(Next.RETRY, error=f"not sent: {type(error).__name__}")
    return lambda: outcome


def _outcome_of(future: "Future[Outcome]", delivery: Delivery) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    _log.error("delivery %s broke while sending", delivery.uid, exc_info=error)
    if delivery.channel == Channel.SMS:
        return Outcome(Next.UNKNOWN, reason="broke while sending", error=type(error).__name__)
    return Outcome(Next.RETRY, error=type(error).__name__)
