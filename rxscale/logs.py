"""How every process logs: readable lines in development, one JSON object per line in production.

Everything passes the same chain, whoever logs it, so that no link token and no row's content gets out.
"""

import logging.config
import re
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any

import structlog

# A link of these is a key: the log shows the kind of link and nothing after it.
_LINK_TOKEN = re.compile(r"/(join|visit|calendar|invitation|password/reset/key)/[^/\s\"'?#]+")
# PostgreSQL repeats the refused values here: Key (email)=(paula@…) already exists.
_DATABASE_DETAIL = re.compile(r"(DETAIL|CONTEXT): .*")

EventDict = MutableMapping[str, Any]


def without_secrets(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Mask link tokens and PostgreSQL's details in every text of a log line."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = mask(value)
    return event


def mask(text: str) -> str:
    return _DATABASE_DETAIL.sub(r"\1: …", _LINK_TOKEN.sub(r"/\1/…", text))


def configuration(*, is_json: bool, level: str) -> dict[str, object]:
    """The LOGGING setting: one handler, to standard error, for the house and for its libraries."""
    quiet = (
        *("httpx", "httpcore", "kombu", "amqp", "urllib3", "twilio"),
        *("celery.worker.strategy", "celery.app.trace"),  # a line per wake-up says nothing
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"outage": {"()": "rxscale.failures.OutageInALine"}},
        "formatters": {"line": {"()": "rxscale.logs.formatter", "is_json": is_json}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {
                "level": "ERROR",
                "filters": ["outage"],
            },  # the access log has the 4xx already
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            **{name: {"level": "WARNING"} for name in quiet},
        },
    }


def configure(logging_config: Mapping[str, Any]) -> None:
    """LOGGING_CONFIG: what Django calls once, with LOGGING; Celery's processes call it again."""
    logging.config.dictConfig(dict(logging_config))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_COMMON,
            structlog.processors.StackInfoRenderer(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def formatter(*, is_json: bool) -> logging.Formatter:
    """Renders the records of structlog and of the standard library alike."""
    renderer: Sequence[structlog.typing.Processor]
    if is_json:
        renderer = [structlog.processors.format_exc_info, without_secrets, _JSON]
    else:
        renderer = [
            without_secrets,
            structlog.processors.format_exc_info,
            without_secrets,
            _CONSOLE,
        ]
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*_COMMON, structlog.stdlib.PositionalArgumentsFormatter()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderer],
    )


_COMMON: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)
_CONSOLE = structlog.dev.ConsoleRenderer(
    colors=False, exception_formatter=structlog.dev.plain_traceback
)
