"""The Celery application. What runs when is in the database; beat only says that a minute has passed."""

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings
from kombu.transport import TRANSPORT_ALIASES

from rxscale import logs, request_ids, startup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")

for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = "rxscale.broker:Transport"

app = Celery("rxscale")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
request_ids.follow_into_tasks()


@celeryd_init.connect
def _prepare_worker(conf: Any, **_: Any) -> None:
    """A worker may wait for a slow broker; a web request that publishes may not."""
    startup.refuse_unsafe_settings()
    patient = {"socket_timeout": 5, "socket_connect_timeout": 2}
    conf.broker_transport_options = {**conf.broker_transport_options, **patient}


@beat_init.connect
def _prepare_beat(**_: Any) -> None:
    startup.refuse_unsafe_settings()


@setup_logging.connect
def _log_as_the_web_does(**_: Any) -> None:
    logs.configure(settings.LOGGING)
