"""How often a credential may call (settings.RATE_LIMIT)."""

from django.conf import settings

from common.rate_limits import seconds_to_wait

from .errors import Problem


def count(credential: str) -> None:
    """Count one call of `credential`. Raises the 429 with `Retry-After`, whole seconds, at least 1."""
    if wait := seconds_to_wait(credential, settings.RATE_LIMIT):
        raise Problem(429, {"error": "Rate limit exceeded"}, {"Retry-After": str(wait)})
