"""How often somebody may call: moving windows in Redis, shared by every process.

The limit protects us from accidents, it is not a guard: when its store is away calls pass, and a
circuit breaker keeps that from costing a timeout per call.
"""

import math
import time
from functools import lru_cache

import structlog
from django.conf import settings
from limits import (
    RateLimitItem,
    RateLimitItemPerHour,
    RateLimitItemPerMinute,
    RateLimitItemPerSecond,
)
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from .breaker import Breaker
from .redis_store import impatient_pool

logger = structlog.get_logger(__name__)

BREAK_SECONDS = 5.0
_BY_UNIT: dict[str, type[RateLimitItem]] = {
    "s": RateLimitItemPerSecond,
    "m": RateLimitItemPerMinute,
    "h": RateLimitItemPerHour,
}


breaker = Breaker(BREAK_SECONDS)


def seconds_to_wait(caller: str, limits_text: str) -> int:
    """Count one call of `caller`; 0 when it may pass, else whole seconds, at least 1, for `Retry-After`."""
    limits = parse_limits(limits_text)
    if not limits or breaker.is_open():
        return 0
    try:
        return _seconds_to_wait(limits, caller)
    except (RedisError, OSError) as error:
        breaker.open()
        logger.warning("ratelimit.store_away", exception=type(error).__qualname__)
        return 0


@lru_cache(maxsize=16)
def parse_limits(text: str) -> tuple[RateLimitItem, ...]:
    """`10/s,600/m` → the limits, shortest window first; `off` → none. Raises ValueError."""
    if text.strip().lower() == "off":
        return ()
    items = []
    for part in text.split(","):
        amount, _, unit = part.strip().partition("/")
        if unit not in _BY_UNIT or not amount.isascii() or not amount.isdigit() or int(amount) < 1:
            raise ValueError(f"{part.strip()!r} is not like 10/s, 600/m, 5000/h or off")
        items.append(_BY_UNIT[unit](int(amount)))
    return tuple(sorted(items, key=lambda item: item.get_expiry()))


def _seconds_to_wait(limits: tuple[RateLimitItem, ...], credential: str) -> int:
    limiter = _limiter(settings.REDIS_URL)
    for item in limits:
        if not limiter.hit(item, credential):
            reset_at = limiter.get_window_stats(item, credential).reset_time
            return max(1, math.ceil(reset_at - time.time()))
    return 0


@lru_cache(maxsize=4)
def _limiter(url: str) -> MovingWindowRateLimiter:
    storage = RedisStorage(url, connection_pool=impatient_pool(url), key_prefix="ratelimit")
    return MovingWindowRateLimiter(storage)
