"""The maintenance manager (behaviour 31): every step, one run at a time, a row that says how it went."""

import logging
from collections.abc import Generator
from datetime import timedelta

import psycopg
import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from pytest_django import Settings

from appointments.models import Appointment
from appointments.status import Status
from organisations.maintenance import last_run
from organisations.models import MaintenanceRun
from reminders.models import AppointmentReminderSent
from rxscale import maintenance
from rxscale.maintenance import Step, run
from tests.doubles.http import Receiver, answer, hang
from tests.factories import NOW
from tests.reminders.world import DAY, HOUR, MINUTE, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def another_session() -> Generator[psycopg.Connection[tuple[object, ...]]]:
    with _connect() as session:
        yield session


def _connect() -> psycopg.Connection[tuple[object, ...]]:
    """A session of its own on the test database."""
    given = connection.get_connection_params()
    names = ("host", "port", "user", "password", "dbname")
    return psycopg.connect(**{name: given[name] for name in names if given.get(name)})


def status_of(visit: Appointment) -> str:
    return Appointment.objects.get(pk=visit.pk).status


def test_one_pass_does_all_that_is_due_and_says_so() -> None:
    world = World()
    world.rule(60)
    held = world.visit(NOW + DAY, status=Status.HELD)
    over = world.visit(NOW - 2 * HOUR, confirmed_at=NOW - DAY)
    world.visit(NOW + HOUR)
    Appointment.objects.filter(pk=held.pk).update(hold_expires_at=NOW)
    this = run(NOW)
    assert this is not None
    assert status_of(held) == Status.EXPIRED
    assert status_of(over) == Status.COMPLETED
    assert this.errors == {}
    counts = dict(this.counts)
    assert counts.pop("fire_due") == {"fired": 1, "missed": 1}
    assert (counts["expire_stale_holds"], counts["complete_finished"]) == (1, 1)
    assert counts["wake_deliveries"] == 1


def test_a_visit_that_began_and_ended_during_an_outage_is_missed_before_it_is_completed() -> None:
    world = World()
    world.rule(60)
    run(NOW)
    visit = world.visit(NOW + 3 * HOUR)
    run(NOW + 2 * DAY)
    assert status_of(visit) == Status.COMPLETED
    assert AppointmentReminderSent.objects.get(appointment=visit).outcome == "missed"


def test_an_idle_pass_counts_nothing() -> None:
    run(NOW)
    this = run(NOW + MINUTE)
    assert this is not None
    assert (this.counts, this.errors) == ({}, {})


def test_the_last_run_tells_when_and_how_long() -> None:
    assert last_run() is None
    run(NOW)
    MaintenanceRun.objects.create(started_at=NOW + HOUR)  # killed before it was through
    last = last_run()
    assert last is not None
    assert last.started_at == NOW
    assert last.finished_at is not None
    assert timedelta(0) < last.finished_at - NOW < timedelta(seconds=30)


def test_a_step_that_fails_is_recorded_and_does_not_keep_the_others_from_running(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_now: object) -> None:
        raise ValueError("quotes paula@patients.example")

    def break_transaction(_now: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT before")
            try:
                cursor.execute("SELECT 1 / 0")
            finally:
                cursor.execute("ROLLBACK TO SAVEPOINT before")

    steps = (
        Step("first", fail),
        Step("second", break_transaction),
        Step("third", lambda _now: 3),
    )
    with caplog.at_level(logging.ERROR):
        this = run(NOW, steps)
    assert this is not None
    this.refresh_from_db()
    assert this.errors == {"first": "ValueError", "second": "DataError"}
    assert this.counts == {"third": 3}
    assert this.finished_at is not None
    assert "test_maintenance.py" in caplog.text  # where it happened
    assert "paula" not in caplog.text


def test_a_pass_that_takes_too_long_ends_and_is_not_the_last_run() -> None:
    def take_too_long(_now: object) -> None:
        raise SoftTimeLimitExceeded

    with pytest.raises(SoftTimeLimitExceeded):
        run(NOW, (Step("slow", take_too_long),))
    assert last_run() is None
    assert run(NOW + MINUTE) is not None  # the lock was let go


def test_a_run_while_another_runs_does_nothing(
    another_session: psycopg.Connection[tuple[object, ...]],
) -> None:
    another_session.execute("SELECT pg_advisory_lock(%s)", [maintenance._LOCK])
    assert run(NOW) is None
    assert not MaintenanceRun.objects.exists()
    another_session.close()  # as a killed process's connection is
    assert _eventually_runs()


def _eventually_runs() -> bool:
    """PostgreSQL lets go of a closed session's locks within moments, not at once."""
    return any(run(NOW) is not None for _ in range(1000))


def test_while_it_runs_nobody_else_gets_the_turn() -> None:
    seen: list[object] = []

    def look(_now: object) -> None:
        with _connect() as other:
            row = other.execute("SELECT pg_try_advisory_lock(%s)", [maintenance._LOCK]).fetchone()
            assert row is not None
            seen.append(row[0])

    run(NOW, (Step("look", look),))
    assert seen == [False]


# The heartbeat


def test_the_heartbeat_is_called_after_a_completed_run(settings: Settings) -> None:
    with Receiver() as receiver:
        settings.HEARTBEAT_URL = receiver.url
        run(NOW)
        assert [request.method for request in receiver.requests] == ["GET"]


@pytest.mark.parametrize("broken", [answer(500), hang(3)])
def test_a_heartbeat_that_fails_is_logged_and_no_more(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    broken: object,
) -> None:
    monkeypatch.setattr(maintenance, "_HEARTBEAT_SECONDS", 0.3)
    with Receiver(then=broken) as receiver:  # type: ignore[arg-type]  # parametrize hides the type
        settings.HEARTBEAT_URL = receiver.url
        this = run(NOW)
    assert this is not None
    assert this.errors == {}
    assert "heartbeat" in caplog.text


def test_without_a_turn_the_heart_does_not_beat(
    settings: Settings, another_session: psycopg.Connection[tuple[object, ...]]
) -> None:
    another_session.execute("SELECT pg_advisory_lock(%s)", [maintenance._LOCK])
    with Receiver() as receiver:
        settings.HEARTBEAT_URL = receiver.url
        assert run(NOW) is None
        assert receiver.requests == []
