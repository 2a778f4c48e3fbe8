"""Waking the delivery tasks. The rows are the plan; a wake-up that is lost costs at most one minute.

Called after the commit, so nothing here may raise or hold the caller up: without a broker the first
failure ends the attempt, and for a while this process does not try again.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime

from celery import current_app

from .models import Delivery

CHUNK = 200  # ids per task: one task each took 3,067 ms for 10,000 of them, chunks 22 ms
QUIET_SECONDS = 10.0
MOST_SWEEPS = 10
SWEEP_SECONDS = 60  # by then the next pass has sent its own

_log = logging.getLogger(__name__)
_quiet_until = 0.0


def deliveries(ids: Sequence[int]) -> None:
    """Hand the deliveries to workers, in chunks."""
    chunks = [list(ids[first : first + CHUNK]) for first in range(0, len(ids), CHUNK)]
    _send("notifications.deliver", [[chunk] for chunk in chunks])


def due(now: datetime, limit: int = CHUNK * MOST_SWEEPS) -> int:
    """Wake workers for what is due and in nobody's hands; returns how many deliveries were seen (at most `limit`).

    The safety net of lost wake-ups, retries and run-out leases, called every minute. The tasks carry no
    ids and claim what they find, so a slow queue collects no duplicates.
    """
    waiting = len(Delivery.objects.due(now).values_list("pk")[:limit])
    sweeps = min(MOST_SWEEPS, -(-waiting // CHUNK))
    _send("notifications.deliver_due", [[]] * sweeps, expires=SWEEP_SECONDS)
    return waiting


def _send(task: str, arguments: Sequence[list[object]], expires: int | None = None) -> None:
    global _quiet_until
    if not arguments or time.monotonic() < _quiet_until:
        return
    try:
        for args in arguments:
            current_app.send_task(task, args=args, expires=expires, retry=False)
    except Exception as error:
        # Whatever the broker's client raises: the change is committed and the maintenance pass will find it.
        _quiet_until = time.monotonic() + QUIET_SECONDS
        _log.warning("no broker to wake %s: %s", task, type(error).__name__)
