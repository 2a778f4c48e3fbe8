"""System checks: settings that are missing, unreadable, unsafe or contradict each other.

Errors stop web, worker, beat and every command; warnings appear with `check --deploy`.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import environ
from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured

from common import crypto
from common.rate_limits import parse_limits

_ENVIRONMENTS = ("development", "demo", "test", "production")
_SHORTEST_SECRET_KEY = 50
_SHORTEST_METRICS_TOKEN = 20
_NOT_SENDING = ("console", "dummy", "filebased", "locmem")


@register(Tags.security)
def check_settings(**_: Any) -> Sequence[CheckMessage]:
    """What must hold wherever we run."""
    return [
        *_environment(),
        *_encryption_keys(),
        *_rate_limits(),
        *_trusted_proxies(),
        *_maintenance_interval(),
        *_metrics_token(),
        *_retention(),
    ]


@register(Tags.security)
def check_production(**_: Any) -> Sequence[CheckMessage]:
    """What production does not start without."""
    if not settings.IS_PRODUCTION:
        return []
    return [*_servers(), *_secret_key(), *_addresses(), *_demo_conveniences()]


@register(Tags.security, deploy=True)
def check_jitsi(**_: Any) -> Sequence[CheckMessage]:
    if settings.JITSI_APP_ID and settings.JITSI_APP_SECRET:
        return []
    return [
        checks.Warning(
            "Whoever has once been in a doctor's meeting room can enter it again.",
            hint="Set JITSI_APP_ID and JITSI_APP_SECRET, so that each entry needs a token for its visit.",
            id="rxscale.W001",
        )
    ]


@register(Tags.security, deploy=True)
def check_email(**_: Any) -> Sequence[CheckMessage]:
    backend = settings.EMAIL_BACKEND
    if not any(
        backend == f"django.core.mail.backends.{name}.EmailBackend" for name in _NOT_SENDING
    ):
        return []
    return [
        checks.Warning(
            "E-mail goes to files, not to people.",
            hint="Set EMAIL_BACKEND to an anymail backend or django.core.mail.backends.smtp.EmailBackend.",
            id="rxscale.W002",
        )
    ]


@register(Tags.security, deploy=True)
def check_metrics(**_: Any) -> Sequence[CheckMessage]:
    if settings.METRICS_TOKEN:
        return []
    return [
        checks.Warning(
            "Nobody can read /metrics.",
            hint="Set METRICS_TOKEN, and give it to Prometheus as its bearer token.",
            id="rxscale.W003",
        )
    ]


def _environment() -> Iterator[CheckMessage]:
    if settings.ENVIRONMENT not in _ENVIRONMENTS:
        hint = f"Set RXSCALE_ENV to one of {', '.join(_ENVIRONMENTS)}."
        yield Error("RXSCALE_ENV is unknown.", hint=hint, id="rxscale.E001")


def _servers() -> Iterator[CheckMessage]:
    for number, name in ((2, "DATABASE_URL"), (3, "REDIS_URL")):
        if not _is_set(name):
            hint = f"Set {name} (or {name}_FILE); production starts no servers of its own."
            yield Error(f"{name} is not set.", hint=hint, id=f"rxscale.E{number:03}")


def _is_set(name: str) -> bool:
    return bool(environ.FileAwareEnv().str(name, default=""))


def _secret_key() -> Iterator[CheckMessage]:
    try:
        is_long = len(settings.SECRET_KEY) >= _SHORTEST_SECRET_KEY
    except ImproperlyConfigured:
        is_long = False
    if not is_long:
        hint = (
            "Set SECRET_KEY (or SECRET_KEY_FILE) to at least 50 random characters, for example of"
            " `python -c 'import secrets; print(secrets.token_urlsafe(50))'`."
        )
        yield Error("SECRET_KEY is missing or short.", hint=hint, id="rxscale.E004")


def _encryption_keys() -> Iterator[CheckMessage]:
    try:
        crypto.read_ring(settings.ENCRYPTION_KEYS)
    except ImproperlyConfigured as error:
        hint = (
            "Set ENCRYPTION_KEYS (or ENCRYPTION_KEYS_FILE) to id:base64 entries of 32 random bytes each,"
            " for example of `echo k1:$(openssl rand -base64 32)`."
        )
        yield Error(str(error), hint=hint, id="rxscale.E005")


def _addresses() -> Iterator[CheckMessage]:
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        hint = "Set ALLOWED_HOSTS to the host names we answer to, separated by commas."
        yield Error("ALLOWED_HOSTS is empty or open.", hint=hint, id="rxscale.E006")
    url = urlsplit(settings.BASE_URL)
    if url.scheme != "https" or not url.hostname or url.path or url.query:
        hint = "Set BASE_URL to the https address patients and doctors open, without a path."
        yield Error("BASE_URL is not an https address.", hint=hint, id="rxscale.E007")


def _demo_conveniences() -> Iterator[CheckMessage]:
    if settings.ALLOW_LOOPBACK_WEBHOOKS:
        hint = "Unset ALLOW_LOOPBACK_WEBHOOKS: with it a webhook may call this machine itself."
        yield Error("Webhooks may go to loopback.", hint=hint, id="rxscale.E008")
    if settings.DEBUG:
        hint = "Unset DEBUG: its error pages show settings and patients' data."
        yield Error("DEBUG is on.", hint=hint, id="rxscale.E009")
    if settings.DEMO_DOORS:
        hint = "Unset DEMO_DOORS: with it the front page signs anybody in as people of the demo."
        yield Error("The demo's doors are open.", hint=hint, id="rxscale.E010")


def _rate_limits() -> Iterator[CheckMessage]:
    for name in ("RATE_LIMIT", "FEED_RATE_LIMIT"):
        try:
            parse_limits(getattr(settings, name))
        except (ValueError, ImproperlyConfigured) as error:
            hint = f"Set {name} like 10/s,600/m, or off."
            yield Error(f"{name} cannot be read: {error}", hint=hint, id="rxscale.E011")


def _trusted_proxies() -> Iterator[CheckMessage]:
    for entry in settings.TRUSTED_PROXIES:
        try:
            ipaddress.ip_network(entry, strict=False)
        except ValueError as error:
            hint = "Set TRUSTED_PROXIES to addresses or networks, separated by commas."
            yield Error(f"TRUSTED_PROXIES: {error}.", hint=hint, id="rxscale.E012")


def _maintenance_interval() -> Iterator[CheckMessage]:
    seconds, overdue = settings.MAINTENANCE_INTERVAL_SECONDS, settings.MAINTENANCE_OVERDUE_AFTER
    if not 0 < seconds < overdue.total_seconds():
        hint = f"Set MAINTENANCE_INTERVAL_SECONDS between 1 and {overdue.total_seconds():.0f}, usually 60."
        yield Error("The maintenance manager would always be late.", hint=hint, id="rxscale.E013")


def _metrics_token() -> Iterator[CheckMessage]:
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN) < _SHORTEST_METRICS_TOKEN:
        hint = "Set METRICS_TOKEN to 20 or more random characters, or to nothing."
        yield Error("METRICS_TOKEN is short.", hint=hint, id="rxscale.E014")


def _retention() -> Iterator[CheckMessage]:
    """Retries last three days, and an endpoint is disabled after five: until then a body is needed."""
    if not 7 <= settings.DELIVERY_BODIES_DAYS <= settings.RETENTION_DAYS:
        hint = "Set DELIVERY_BODIES_DAYS to at least 7 and to no more than RETENTION_DAYS."
        yield Error(
            "Messages would be emptied too early or too late.", hint=hint, id="rxscale.E015"
        )
    if settings.UNCONFIRMED_HOLDS_DAYS < 1:
        hint = "Set UNCONFIRMED_HOLDS_DAYS to at least 1."
        yield Error("Holds would be removed at once.", hint=hint, id="rxscale.E016")
