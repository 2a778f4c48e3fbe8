"""Celery as we run it: one app in every thread, and a dead broker that costs a request next to nothing."""

import time
from concurrent.futures import ThreadPoolExecutor
from socket import create_server

import pytest
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError

from rxscale import celery


def test_every_thread_finds_our_app() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: current_app.main).result() == celery.app.main == "rxscale"


@pytest.mark.parametrize("is_silent", [False, True])
def test_publishing_to_a_dead_broker_fails_within_a_second(is_silent: bool) -> None:
    with create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1] if is_silent else 1
        with celery.app.connection_for_write(f"redis://127.0.0.1:{port}/0") as connection:
            began = time.monotonic()
            with pytest.raises(OperationalError):
                celery.app.send_task("nobody.listens", connection=connection, retry=False)
            assert time.monotonic() - began < 1


def test_a_task_ends_before_the_broker_gives_it_to_another_worker() -> None:
    visible_again = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]

    assert isinstance(visible_again, int)
    assert settings.CELERY_TASK_SOFT_TIME_LIMIT < settings.CELERY_TASK_TIME_LIMIT < visible_again


def test_a_killed_workers_task_comes_back() -> None:
    assert celery.app.conf.task_acks_late
    assert celery.app.conf.task_reject_on_worker_lost
    assert celery.app.conf.worker_prefetch_multiplier == 1


def test_beat_sends_the_maintenance_task_and_lets_old_ticks_expire() -> None:
    celery.app.loader.import_default_modules()
    (entry,) = celery.app.conf.beat_schedule.values()

    assert entry["task"] in celery.app.tasks
    assert entry["schedule"] == entry["options"]["expires"] == settings.MAINTENANCE_INTERVAL_SECONDS
