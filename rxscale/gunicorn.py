"""How gunicorn serves the web: `gunicorn --config python:rxscale.gunicorn rxscale.wsgi`."""

import os
from collections.abc import MutableMapping
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from gunicorn.glogging import Logger

from rxscale import logs, request_ids, shared_counters

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
worker_class = "gthread"
preload_app = True  # settings that refuse to start say so once, and workers share the code's memory
timeout = 30
graceful_timeout = 20
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
control_socket_disable = True
limit_request_field_size = 32_768  # a booking token far too long is refused in the contract's words

_access = structlog.get_logger("rxscale.access")


class HouseLogger(Logger):
    """Logs like everything else; of a request no query string, no header, no body."""

    access_log_enabled = True

    def setup(self, cfg: Any) -> None:
        """Leave the handlers to LOGGING, instead of gunicorn's own."""
        self.cfg = cfg
        logs.configure(settings.LOGGING)
        self.error_log.propagate = True

    def access(
        self, resp: Any, req: Any, environ: MutableMapping[str, Any], request_time: timedelta
    ) -> None:
        _access.info(
            "request",
            method=environ["REQUEST_METHOD"],
            path=environ["PATH_INFO"],
            status=int(str(resp.status).split(maxsplit=1)[0]),
            request_id=environ.get(request_ids.META_KEY),
            milliseconds=round(request_time.total_seconds() * 1000, 1),
        )


logger_class = HouseLogger


def pre_fork(server: Any, worker: Any) -> None:
    """Give the newcomer the lowest place that no living worker has."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = min(set(range(len(taken) + 1)) - taken)


def post_fork(_server: Any, worker: Any) -> None:
    shared_counters.take_place(worker.place)


def on_exit(_server: Any) -> None:
    shared_counters.forget()
