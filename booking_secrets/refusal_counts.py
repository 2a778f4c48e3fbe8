"""How many booking tokens were refused of late, and why: counted in Redis per organisation and hour.

Best effort: a call is answered the same whether or not its refusal could be counted. What is kept is how
often, for which secret and for which of our reasons; nothing of the token.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import structlog
from django.conf import settings
from redis import Redis
from redis.exceptions import RedisError

from common.breaker import Breaker
from common.clock import from_epoch, to_epoch
from common.redis_store import impatient_pool

logger = structlog.get_logger(__name__)

HOURS = 24
BREAK_SECONDS = 5.0
_HOUR = 3600
_KEPT = timedelta(hours=HOURS + 1)

breaker = Breaker(BREAK_SECONDS)


@dataclass(frozen=True, slots=True)
class Refusals:
    """`reason` as in TokenRefused.reason."""

    key_id: str
    reason: str
    count: int


def count(organisation_uid: str, key_id: str, reason: str, *, now: datetime) -> None:
    """One more refusal; nothing where Redis is away."""
    if breaker.is_open():
        return
    key = _key(organisation_uid, to_epoch(now) // _HOUR)
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            pipeline.hincrby(key, f"{key_id} {reason}", 1)
            pipeline.expire(key, _KEPT)
            pipeline.execute()
    except (RedisError, OSError) as error:
        breaker.open()
        logger.warning("refusal_counts.store_away", exception=type(error).__qualname__)


def counted_since(now: datetime) -> datetime:
    """When the hours that `read` adds up begin: a little less than a day ago, on the full hour."""
    return from_epoch((to_epoch(now) // _HOUR - HOURS + 1) * _HOUR)


def read(organisation_uid: str, *, now: datetime) -> Sequence[Refusals] | None:
    """The refusals since `counted_since`, most frequent first. None where Redis is away."""
    this_hour = to_epoch(now) // _HOUR
    try:
        with _client(settings.REDIS_URL).pipeline(transaction=False) as pipeline:
            for hour in range(this_hour - HOURS + 1, this_hour + 1):
                pipeline.hgetall(_key(organisation_uid, hour))
            hours: list[dict[str, str]] = pipeline.execute()
    except (RedisError, OSError):
        return None
    total: Counter[str] = Counter()
    for counts in hours:
        total.update({field: int(number) for field, number in counts.items()})
    return [_refusals(field, number) for field, number in total.most_common()]


def _refusals(field: str, number: int) -> Refusals:
    key_id, _, reason = field.partition(" ")
    return Refusals(key_id, reason, number)


def _key(organisation_uid: str, hour: int) -> str:
    return f"{settings.REDIS_KEY_PREFIX}token-refusals:{organisation_uid}:{hour}"


@lru_cache(maxsize=4)
def _client(url: str) -> Redis:
    return Redis(connection_pool=impatient_pool(url, decode_responses=True))
