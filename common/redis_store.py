"""Redis for what may be missing: short timeouts, and a breaker that spares every call the wait while it is away."""

import math
import time

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.1


class Breaker:
    """Open for `seconds` after the store failed: nobody asks it then."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.close()

    def is_open(self) -> bool:
        return time.monotonic() < self._closed_again_at

    def close(self) -> None:
        self._closed_again_at = -math.inf

    def open(self) -> None:
        self._closed_again_at = time.monotonic() + self._seconds


def impatient_pool(url: str, *, decode_responses: bool = False) -> ConnectionPool:
    """Connections that give up after TIMEOUT_SECONDS."""
    return ConnectionPool.from_url(
        url,
        decode_responses=decode_responses,
        socket_timeout=TIMEOUT_SECONDS,
        socket_connect_timeout=TIMEOUT_SECONDS,
        # Once: a connection the server has closed meanwhile is opened again.
        retry=Retry(NoBackoff(), 1),
    )
