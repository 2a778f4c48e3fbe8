"""What celery runs under the harness: the workers as they are, with crash points in each process of the pool."""

from typing import Any

from celery.signals import worker_process_init

from rxscale.celery import app

from . import crash_points

__all__ = ["app"]


@worker_process_init.connect
def _watch(**_: Any) -> None:
    crash_points.install(crash_points.WORKER)
