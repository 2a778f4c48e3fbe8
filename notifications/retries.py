"""When a failed attempt is tried again."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

RETRY_DELAYS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    timedelta(hours=1),
    timedelta(hours=2),
    timedelta(hours=4),
    timedelta(hours=8),
    timedelta(hours=12),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""The wait after the first, second, … failed attempt: 13 attempts over about three days.

Quick at first, because most failures are a restart; the long tail survives a weekend. Each is spread by
`JITTER`, so that a receiver that comes back is not met by everything at once. A wait shorter than the
maintenance interval ends with the next pass.
"""
JITTER = 0.1
RETRY_AFTER_CEILING = timedelta(hours=1)


def next_attempt_at(
    attempts: int, *, now: datetime, spread: float, retry_after: timedelta | None = None
) -> datetime | None:
    """When to try again after `attempts` failed ones; None when there were enough.

    `spread` is a random number of 0 to 1. The receiver's `Retry-After` may prolong a wait up to
    `RETRY_AFTER_CEILING`, and never shortens one.
    """
    if attempts > len(RETRY_DELAYS):
        return None
    delay = RETRY_DELAYS[attempts - 1] * (1 + JITTER * (2 * spread - 1))
    asked = min(retry_after or timedelta(0), RETRY_AFTER_CEILING)
    return now + max(delay, asked)


def parse_retry_after(value: str, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as an HTTP date; None when it is neither, or lies in the past."""
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Clamped before it becomes a timedelta: more digits than a timedelta holds are allowed to be sent.
        return timedelta(seconds=min(int(text[:12]), int(RETRY_AFTER_CEILING.total_seconds())))
    try:
        wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError, OverflowError):  # TypeError: a date without a zone
        return None
    return wait if wait > timedelta(0) else None
