"""The maintenance manager: every minute, one explicit list of steps. Celery beat wakes it.

Two beats, two workers, a kill at any moment, no beat for two days: each step is safe to repeat and finds
by itself what is due, and an advisory lock lets one run at a time.
"""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection

from appointments import lifecycle
from common import outbound
from common.clock import utc_now
from common.tracing import where
from notifications import endpoints, wake
from organisations.maintenance import last_run
from organisations.models import MaintenanceRun
from reminders.firing import fire_due

from . import retention

_log = logging.getLogger(__name__)

# A key of our own for pg_try_advisory_lock, "rxscale" read as a number.
_LOCK = int.from_bytes(b"rxscale")
_HEARTBEAT_SECONDS = 5.0
_RETENTION = "retention"

Count = int | dict[str, int] | None


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do; what it returns is stored as the run's count."""

    name: str
    work: Callable[[datetime], Count]


def _forget_daily(now: datetime) -> Count:
    """Once a UTC day, and again while the previous run failed at it or was not through."""
    last = last_run()
    if last and last.started_at.date() == now.date() and _has_forgotten(last):
        return None
    return retention.forget(now)


def _has_forgotten(run: MaintenanceRun) -> bool:
    return _RETENTION not in run.errors and retention.is_through(run.counts.get(_RETENTION) or {})


# In this order.
STEPS = (
    Step("expire_stale_holds", lambda now: lifecycle.expire_stale_holds(now=now)),
    # Before visits are completed: one that has begun is recorded as missed while it is confirmed.
    Step("fire_due", fire_due),
    Step("complete_finished", lambda now: lifecycle.complete_finished(now=now)),
    Step("endpoint_health", endpoints.watch),
    Step("wake_deliveries", wake.due),
    Step(_RETENTION, _forget_daily),
)


@shared_task(name="maintenance.run", acks_late=False)
def run_now() -> None:
    """Celery's door. Acknowledged at once: the next tick is a better second try than this one's return."""
    run(utc_now())


def run(now: datetime, steps: tuple[Step, ...] = STEPS) -> MaintenanceRun | None:
    """Take every step once; None when another run is at it. The run's row tells counts and errors.

    A step that fails does not keep the others from being taken. HEARTBEAT_URL is called when all have
    been, whether or not one failed: the row, the banner and the log speak of failures.
    """
    began = time.monotonic()
    with _turn() as is_ours:
        if not is_ours:
            return None
        this = MaintenanceRun.objects.create(started_at=now)
        for step in steps:
            _take(step, this, now)
        this.finished_at = now + timedelta(seconds=time.monotonic() - began)
        this.save(update_fields=["finished_at", "counts", "errors"])
    _beat_heart()
    return this


@contextmanager
def _turn() -> Generator[bool]:
    """Whether it is ours to run. The lock is the connection's: it goes when the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _take(step: Step, this: MaintenanceRun, now: datetime) -> None:
    try:
        count = step.work(now)
    except SoftTimeLimitExceeded:
        raise  # the pass as a whole has taken too long
    except Exception as error:
        kind = this.errors[step.name] = type(error).__name__
        _log.error("maintenance step %s failed: %s at %s", step.name, kind, where(error))
        _drop_broken_connection()
    else:
        if isinstance(count, dict):
            count = {name: number for name, number in count.items() if number}
        if count:
            this.counts[step.name] = count


def _drop_broken_connection() -> None:
    """Give the next step a new one. The lock went with the old one; two runs at once do no harm."""
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()


def _beat_heart() -> None:
    if not settings.HEARTBEAT_URL:
        return
    try:
        answer = outbound.call(
            "GET",
            settings.HEARTBEAT_URL,
            reach=outbound.Reach.ANYWHERE,
            total_seconds=_HEARTBEAT_SECONDS,
        )
    except outbound.CallFailed as error:
        _log.warning("heartbeat failed: %s", error)
    else:
        if answer.status_code >= 300:
            _log.warning("heartbeat was answered with %s", answer.status_code)
