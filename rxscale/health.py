"""`/healthz`: this process answers. `/readyz`: it can serve, and what is missing while it does.

Without database, migrations or keys nothing can be served: 503. Without the broker, or while the
maintenance manager is late, booking works and messages wait: `degraded`, 200.
"""

from datetime import datetime
from functools import cache

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe
from redis.backoff import NoBackoff
from redis.retry import Retry

from common import crypto
from common.access import public
from common.clock import utc_now
from common.outage import RETRY_AFTER_SECONDS
from organisations import maintenance

STARTED_AT = utc_now()  # a fresh start has its first three minutes, too
_BROKER_SECONDS = 0.4


@require_safe
@public("says nothing but that the process runs")
def healthz(_request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


@require_safe
@public("names what is missing, no address, no secret")
def readyz(_request: HttpRequest) -> JsonResponse:
    fatal = blocking_problems()
    if fatal:
        wait = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        return JsonResponse({"status": "unavailable", "problems": fatal}, status=503, headers=wait)
    problems = degrading_problems(utc_now())
    status = "degraded" if problems else "ok"
    return JsonResponse({"status": status, "problems": problems})


def blocking_problems() -> dict[str, str]:
    """What nothing can be served without, by name."""
    problems = {}
    try:
        crypto.read_ring(settings.ENCRYPTION_KEYS)
    except ImproperlyConfigured:
        problems["keys"] = "ENCRYPTION_KEYS is missing or cannot be read"
    try:
        missing = _expected_migrations() - set(MigrationRecorder(connection).applied_migrations())
        if missing:
            problems["migrations"] = f"{len(missing)} not applied: run manage.py migrate"
    except DatabaseError:
        problems["database"] = "does not answer"
    return problems


def degrading_problems(now: datetime) -> dict[str, str]:
    """What messages wait for, by name."""
    problems = {}
    if not _broker_answers():
        problems["broker"] = "does not answer; deliveries catch up when it is back"
    if maintenance.is_overdue(now, started_at=STARTED_AT):
        problems["maintenance"] = "is overdue: check that worker and beat run"
    return problems


@cache
def _expected_migrations() -> set[tuple[str, str]]:
    """Those of the code this process runs; it cannot change while it does."""
    return set(MigrationLoader(None).disk_migrations)


def _broker_answers() -> bool:
    client = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=_BROKER_SECONDS,
        socket_timeout=_BROKER_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    with client:
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
