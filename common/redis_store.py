"""Redis for what may be missing: connections with short timeouts."""

from redis import ConnectionPool
from redis.backoff import NoBackoff
from redis.retry import Retry

TIMEOUT_SECONDS = 0.1


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
