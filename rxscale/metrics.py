"""`/metrics` for Prometheus: what this web's workers counted, and what stands in the database."""

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from common import counters
from common.access import needs
from common.clock import utc_now

from . import shared_counters
from .figures import Figures

_METHODS = frozenset(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])


@require_safe
@needs("METRICS_TOKEN")
def metrics(request: HttpRequest) -> HttpResponse:
    """For who sends `Authorization: Bearer METRICS_TOKEN`. In production there is nothing without one."""
    if not settings.METRICS_TOKEN and settings.IS_PRODUCTION:
        return HttpResponse(status=404)
    if not _is_allowed(request.headers.get("Authorization", "")):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    text = generate_latest(_counted()) + generate_latest(_registry_of_figures())
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


class CountingMiddleware:
    """Counts each answer by the pattern of its route: an address holds uids, a pattern does not."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = f"/{match.route}" if match else "none"
        method = request.method if request.method in _METHODS else "other"
        counters.REQUESTS.labels(route, method, response.status_code).inc()
        counters.REQUEST_SECONDS.labels(route).observe(time.perf_counter() - began)
        return response


def _is_allowed(authorization: str) -> bool:
    token = settings.METRICS_TOKEN
    return not token or constant_time_compare(authorization, f"Bearer {token}")


def _counted() -> CollectorRegistry:
    folder = shared_counters.folder()
    if folder is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    return registry


def _registry_of_figures() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(Figures(utc_now()))
    return registry
