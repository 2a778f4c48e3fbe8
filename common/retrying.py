"""Run a transaction again when PostgreSQL gave it up for another one's sake."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DatabaseError, connection, transaction

from common.counters import TRANSACTION_RETRIES

Result = TypeVar("Result")

# serialization_failure, deadlock_detected, lock_not_available: nothing is wrong with the work itself.
TRANSIENT = frozenset({"40001", "40P01", "55P03"})
ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.01


def jitter(attempt: int) -> float:
    """Seconds to wait after that attempt: up to 10, 20, 40, … ms, so that two losers part ways."""
    return random.uniform(0, _FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311  # no secret


def retrying(
    work: Callable[[], Result],
    *,
    pause: Callable[[int], float] = jitter,
    sleep: Callable[[float], None] = time.sleep,
) -> Result:
    """Run `work` in a transaction, up to five times when it fails transiently.

    Inside a transaction of the caller's it is a savepoint instead, so that a refusal leaves
    nothing half done, and a transient failure is the outermost caller's to retry: PostgreSQL
    has given up the whole transaction.
    """
    is_outermost = not connection.in_atomic_block
    for attempt in range(ATTEMPTS):
        try:
            with transaction.atomic():
                return work()
        except DatabaseError as error:
            is_last = attempt == ATTEMPTS - 1
            if not is_outermost or is_last or sqlstate(error) not in TRANSIENT:
                raise
            TRANSACTION_RETRIES.labels(sqlstate(error)).inc()
        sleep(pause(attempt))
    raise AssertionError("unreachable: the last attempt returns or raises")


def sqlstate(error: DatabaseError) -> str:
    """PostgreSQL's code for it, or "" when it did not come from there."""
    return getattr(error.__cause__, "sqlstate", None) or ""
