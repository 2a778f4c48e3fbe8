"""`/readyz` says 503 for what nothing can be served without, `degraded` for what messages wait for."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from socket import create_server

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from common.clock import utc_now
from organisations.maintenance import is_overdue
from organisations.models import MaintenanceRun
from rxscale import health
from tests.factories import NOW


@contextmanager
def _silent_server() -> Iterator[str]:
    """Takes connections and never says a word."""
    with create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_healthz_asks_nobody(client: Client) -> None:
    response = client.get(reverse("healthz"))  # without the django_db mark any query would raise

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.mark.django_db
class TestReadyz:
    @pytest.fixture(autouse=True)
    def fresh_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(health, "STARTED_AT", utc_now())  # the session may be minutes old

    def test_all_is_well(
        self, client: Client, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        client.get(reverse("readyz"))
        with django_assert_num_queries(3):
            response = client.get(reverse("readyz"))

        assert (response.status_code, response.json()) == (200, {"status": "ok", "problems": {}})

    def test_a_migration_that_is_not_applied_is_503(self, client: Client) -> None:
        MigrationRecorder(connection).record_unapplied("reminders", "0001_initial")

        response = client.get(reverse("readyz"))

        assert response.status_code == 503
        assert response.json()["status"] == "unavailable"
        assert list(response.json()["problems"]) == ["migrations"]

    def test_a_database_that_does_not_answer_is_503(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(_recorder: MigrationRecorder) -> None:
            raise OperationalError("password=secret")

        monkeypatch.setattr(MigrationRecorder, "applied_migrations", fail)

        response = client.get(reverse("readyz"))

        assert response.status_code == 503
        assert response.json()["problems"] == {"database": "does not answer"}

    def test_keys_that_cannot_be_read_are_503(self, client: Client, settings: Settings) -> None:
        settings.ENCRYPTION_KEYS = ["k1:c2VjcmV0"]

        response = client.get(reverse("readyz"))

        assert response.status_code == 503
        assert list(response.json()["problems"]) == ["keys"]
        assert "c2VjcmV0" not in response.content.decode()

    @pytest.mark.parametrize("is_silent", [False, True])
    def test_a_broker_that_is_away_degrades_within_a_second(
        self, client: Client, settings: Settings, is_silent: bool
    ) -> None:
        client.get(reverse("readyz"))
        with _silent_server() as url:
            settings.REDIS_URL = url if is_silent else "redis://:secret@127.0.0.1:1/0"
            began = time.monotonic()
            response = client.get(reverse("readyz"))
            took = time.monotonic() - began

        assert response.status_code == 200
        assert response.json()["status"] == "degraded"
        assert list(response.json()["problems"]) == ["broker"]
        assert "secret" not in response.content.decode()
        assert took < 1

    def test_an_overdue_pass_degrades(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(health, "STARTED_AT", NOW - timedelta(days=3650))

        response = client.get(reverse("readyz"))

        assert response.status_code == 200
        assert list(response.json()["problems"]) == ["maintenance"]


@pytest.mark.django_db
class TestMaintenanceIsOverdue:
    def test_three_minutes_after_the_last_completed_pass(self) -> None:
        long_ago = NOW - timedelta(days=1)
        MaintenanceRun.objects.create(started_at=NOW, finished_at=NOW)
        MaintenanceRun.objects.create(started_at=NOW + timedelta(minutes=2))  # killed half-way

        at_three_minutes = NOW + timedelta(minutes=3)
        assert not is_overdue(at_three_minutes, started_at=long_ago)
        assert is_overdue(at_three_minutes + timedelta(seconds=1), started_at=long_ago)

    def test_a_fresh_start_counts_from_its_own_start(self) -> None:
        MaintenanceRun.objects.create(
            started_at=NOW - timedelta(days=2), finished_at=NOW - timedelta(days=2)
        )

        assert not is_overdue(NOW + timedelta(minutes=3), started_at=NOW)
        assert is_overdue(NOW + timedelta(minutes=4), started_at=NOW)
