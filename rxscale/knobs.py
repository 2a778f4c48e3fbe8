"""What each variable of the environment means: the settings section of docs/operating.md is made from this.

`Environment` reads a variable where the setting is made, and remembers its default; a test holds what is
read against what is explained here, and both against the document (`manage.py document_settings`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import environ

REQUIRED = "Required with `RXSCALE_ENV=production`:"
USUAL = "Optional, with their defaults:"
RARE = "Rarely needed:"


class Environment(environ.FileAwareEnv):  # type: ignore[misc]  # django-environ has no types
    """The environment; a variable may come from the file that NAME_FILE names. Remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.defaults: dict[str, object] = {}

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        self.defaults[var] = kwargs.get("default")
        return super().get_value(var, *args, **kwargs)


env = Environment()


@dataclass(frozen=True, slots=True)
class Knob:
    """`default` is for what depends on the surroundings; otherwise it is the one that is read."""

    name: str
    meaning: str
    default: str = ""


KNOBS: dict[str, tuple[Knob, ...]] = {
    REQUIRED: (
        Knob("RXSCALE_ENV", "`production`; anything else is for trying and developing"),
        Knob("DATABASE_URL", "`postgres://user:password@host/name`"),
        Knob(
            "REDIS_URL",
            "`redis://host:6379/0`: broker and rate limits. What is in it may be lost at any time",
        ),
        Knob("SECRET_KEY", "50 or more random characters: sessions and CSRF"),
        Knob(
            "ENCRYPTION_KEYS",
            "`id:base64` of 32 random bytes, comma-separated; the first encrypts, all decrypt",
        ),
        Knob("BASE_URL", "the public address, `https://…`: it is in every link that is mailed"),
        Knob("ALLOWED_HOSTS", "comma-separated host names"),
    ),
    USUAL: (
        Knob("TRUSTED_PROXIES", "addresses or networks whose `X-Forwarded-For` is believed"),
        Knob("BEHIND_TLS_PROXY", "a proxy ends TLS and sets `X-Forwarded-Proto`"),
        Knob(
            "MFA_REQUIRED_FOR_ADMINS",
            "admins of clinics and the RxScale team set up a second factor before they get in",
            "on in production",
        ),
        Knob(
            "SESSION_IDLE_MINUTES",
            "a session without a request ends; not that of a doctor while a visit of theirs may be joined",
        ),
        Knob("SESSION_LONGEST_HOURS", "and ends after this, however busy"),
        Knob("RATE_LIMIT", "per API key, patient or address; `off`"),
        Knob("FEED_RATE_LIMIT", "per private calendar feed of a doctor; `off`"),
        Knob(
            "METRICS_TOKEN",
            "what Prometheus sends as bearer token to `/metrics`; none: no such page",
        ),
        Knob("HEARTBEAT_URL", "called after each completed pass: let a monitor miss it"),
        Knob("MAINTENANCE_INTERVAL_SECONDS", "how often beat asks for a maintenance pass"),
        Knob("MAX_ACTIVE_HOLDS_PER_PATIENT", "per shop"),
        Knob("COMPLETE_AFTER_MINUTES", "after the end, when nobody said anything"),
        Knob("BOOKING_TOKEN_MAX_SECONDS", "the longest life a partner may give a token"),
        Knob("LAUNCH_CODE_SECONDS", "life of a booking launch code"),
        Knob(
            "BOOKING_SESSION_SECONDS",
            "how long the hosted booking page stays open after the patient's last step",
        ),
        Knob("JITSI_BASE_URL", "where rooms are"),
        Knob(
            "JITSI_APP_ID",
            "with the secret: per-visit tokens for the rooms. Without, everyone who has a room's address can"
            " walk in",
        ),
        Knob("JITSI_APP_SECRET", "see `JITSI_APP_ID`"),
        Knob(
            "EMAIL_BACKEND",
            "`anymail.backends.postmark.EmailBackend`, or Django's SMTP backend with the five below; by"
            " default files under the data folder",
        ),
        Knob("EMAIL_HOST", "the SMTP relay"),
        Knob("EMAIL_PORT", "its port"),
        Knob("EMAIL_HOST_USER", "its login"),
        Knob("EMAIL_HOST_PASSWORD", "and password"),
        Knob("EMAIL_USE_TLS", "STARTTLS"),
        Knob("POSTMARK_SERVER_TOKEN", "the provider's token"),
        Knob("EMAIL_WEBHOOK_SECRET", "`user:password` its callbacks use at `/hooks/email/`"),
        Knob("DEFAULT_FROM_EMAIL", "the sender of every mail"),
        Knob("TWILIO_ACCOUNT_SID", "without it, text messages are logged instead of sent"),
        Knob("TWILIO_AUTH_TOKEN", "see `TWILIO_ACCOUNT_SID`"),
        Knob("TWILIO_FROM", "the number or service text messages come from"),
        Knob("UNCONFIRMED_HOLDS_DAYS", "how long a hold that was never confirmed is kept"),
        Knob(
            "DELIVERY_BODIES_DAYS",
            "how long it is kept what was said: bodies, addresses, answers. The rows stay",
        ),
        Knob("RETENTION_DAYS", "how long the emptied rows of events and deliveries stay"),
        Knob(
            "DATABASE_ANSWER_SECONDS",
            "seconds the web waits for the answer to one statement; then it answers 503",
        ),
        Knob(
            "DATABASE_CONN_MAX_AGE", "seconds a connection is kept; 0 behind a transaction pooler"
        ),
    ),
    RARE: (
        Knob("HOST", "where web listens", "`127.0.0.1`"),
        Knob("PORT", "and on which port", "8000"),
        Knob("WEB_CONCURRENCY", "processes of web", "2"),
        Knob("WEB_THREADS", "threads of each", "4"),
        Knob(
            "RXSCALE_DATA_DIR",
            "embedded servers, and mails and texts where no provider is set",
            "`.rxscale`",
        ),
        Knob("STATIC_ROOT", "where `collectstatic` gathers in production", "`staticfiles`"),
        Knob("LOG_LEVEL", "how much is logged"),
        Knob("LOG_JSON", "one JSON object per line", "on in production"),
        Knob("REDIS_KEY_PREFIX", "before every key, to share one Redis with others"),
        Knob("SECURE_SSL_REDIRECT", "plain HTTP is sent to HTTPS", "on in production"),
        Knob(
            "SECURE_HSTS_SECONDS",
            "for how long browsers insist on HTTPS",
            "a year in production",
        ),
        Knob("POSTMARK_API_URL", "another address of the provider's"),
        Knob("TWILIO_API_BASE", "another address of the provider's"),
        Knob(
            "ALLOW_LOOPBACK_WEBHOOKS",
            "webhooks to this machine: for developing; production refuses it",
        ),
        Knob(
            "DEMO_DOORS",
            "the demo's pages, whose doors sign anybody in: `make demo` sets it; production refuses it",
        ),
        Knob("DEBUG", "for developing; production refuses it"),
        Knob("TEST_DATABASE_NAME", "for developing"),
    ),
}


def tables() -> str:
    """The settings section, in Markdown."""
    required = [f"| `{knob.name}` | {knob.meaning} |" for knob in KNOBS[REQUIRED]]
    parts = ["\n".join([REQUIRED, "", "| variable | meaning |", "|---|---|", *required])]
    for heading in (USUAL, RARE):
        rows = [
            f"| `{knob.name}` | {knob.default or _shown(env.defaults[knob.name])} | {knob.meaning} |"
            for knob in KNOBS[heading]
        ]
        parts.append(
            "\n".join([heading, "", "| variable | default | meaning |", "|---|---|---|", *rows])
        )
    return "\n\n".join(parts)


def names() -> Iterator[str]:
    for knobs in KNOBS.values():
        for knob in knobs:
            yield knob.name


def _shown(default: object) -> str:
    match default:
        case bool():
            return "on" if default else "off"
        case int():
            return str(default)
        case float():
            return f"{default:g}"
        case str() if default:
            return f"`{default}`"
    return "none"
