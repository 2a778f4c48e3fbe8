"""Nobody waits for ever for a PostgreSQL that says nothing."""

import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import DataError, connection

from common.postgresql import base
from common.postgresql.base import Connection, DatabaseWrapper, Door, wait_at_most

pytestmark = pytest.mark.django_db  # on connections of their own


@contextmanager
def within(seconds: float) -> Generator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


@pytest.fixture
def silent_server() -> Iterator[dict[str, Any]]:
    """Takes connections and never says a word, as a frozen one does."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        yield {"host": host, "port": port, "user": "postgres", "connect_timeout": 2}


@pytest.fixture
def opened() -> Iterator[Connection]:
    parameters = DatabaseWrapper(connection.settings_dict).get_connection_params()
    parameters["options"] = "-c statement_timeout=1s"  # the server ends what we left it with
    with Connection.connect(**parameters) as mine:
        yield mine


def test_an_answer_that_does_not_come_ends_the_connection(opened: Connection) -> None:
    opened.answer_seconds = 0.3
    with within(2), pytest.raises(psycopg.OperationalError, match="does not answer"):
        opened.execute("SELECT pg_sleep(10)")

    with within(0.1), pytest.raises(psycopg.OperationalError, match="closed"):
        opened.execute("SELECT 1")


def test_without_a_limit_it_is_waited_for(opened: Connection) -> None:
    assert opened.answer_seconds is None
    assert opened.execute("SELECT 1 FROM pg_sleep(0.5)").fetchone() == (1,)


def test_a_kept_connection_that_says_nothing_is_given_up(
    opened: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = DatabaseWrapper(connection.settings_dict)
    wrapper.connection = opened
    monkeypatch.setattr(base, "CHECK_SECONDS", 0.3)
    assert wrapper.is_usable()

    monkeypatch.setattr(opened, "cursor", lambda: _Sleeper(opened))
    with within(2):
        assert not wrapper.is_usable()
    assert opened.closed


class _Sleeper(psycopg.ClientCursor[Any]):
    """A cursor whose every question takes ten seconds."""

    def execute(self, *_arguments: Any, **_options: Any) -> "_Sleeper":
        return super().execute("SELECT pg_sleep(10)")


def test_the_server_is_told_the_limit() -> None:
    wait_at_most(1.5)
    try:
        wrapper = DatabaseWrapper(connection.settings_dict)
        with wrapper.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            assert cursor.fetchone() == ("1500ms",)
            cursor.execute("SHOW jit")  # what the settings ask for beside it
            assert cursor.fetchone() == ("off",)
        assert wrapper.connection.answer_seconds > 1.5  # a server that lives speaks first
        wrapper.close()
    finally:
        wait_at_most(None)


class TestTheDoor:
    def test_a_silent_server_costs_one_wait_and_the_next_are_told_at_once(
        self, silent_server: dict[str, Any]
    ) -> None:
        door = Door()
        with within(3), pytest.raises(psycopg.OperationalError):
            door.connect(**silent_server)

        with within(0.1), pytest.raises(psycopg.OperationalError, match="a moment ago"):
            door.connect(**silent_server)

    def test_a_request_whose_statement_was_not_answered_does_not_wait_again_to_connect(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "_answer_seconds", 0.2)
        door = Door()
        parameters = DatabaseWrapper(connection.settings_dict).get_connection_params()
        parameters["options"] = "-c statement_timeout=1s"
        mine = door.connect(**parameters)
        with pytest.raises(psycopg.OperationalError, match="does not answer"):
            mine.execute("SELECT pg_sleep(10)")

        with within(0.1), pytest.raises(psycopg.OperationalError, match="a moment ago"):
            door.connect(**parameters)

    def test_after_the_pause_one_thread_tries_for_all(
        self, silent_server: dict[str, Any], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(base, "PAUSE_SECONDS", 0.0)
        door, tries = Door(), []

        def connect(**_options: Any) -> None:
            tries.append(1)
            time.sleep(0.3)
            raise psycopg.OperationalError("away")

        monkeypatch.setattr(Connection, "connect", connect)
        with pytest.raises(psycopg.OperationalError):
            door.connect()
        threads = [threading.Thread(target=_refused, args=(door,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(tries) == 2

    def test_it_is_open_again_when_the_server_is_back(
        self, monkeypatch: pytest.MonkeyPatch, opened: Connection
    ) -> None:
        monkeypatch.setattr(base, "PAUSE_SECONDS", 0.0)
        door = Door()
        with pytest.raises(psycopg.OperationalError):
            door.connect(host="127.0.0.1", port=1)

        monkeypatch.setattr(Connection, "connect", lambda: opened)

        assert door.connect() is opened
        assert door.connect() is opened


def _refused(door: Door) -> None:
    with pytest.raises(psycopg.OperationalError):
        door.connect()


@pytest.mark.parametrize(
    ("written", "instant"),
    [
        ("2027-03-28 01:00:00+01", datetime(2027, 3, 28, tzinfo=UTC)),
        ("2027-03-28 00:00:00.5+00", datetime(2027, 3, 28, 0, 0, 0, 500_000, UTC)),
        ("0001-01-01 00:00:00+00", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31 23:59:59.999999+00", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
        (None, None),
    ],
)
def test_an_instant_is_read_in_utc(written: str | None, instant: datetime | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        (read,) = cursor.fetchone()

    assert read == instant
    assert read is None or read.tzinfo is UTC


@pytest.mark.parametrize("written", ["infinity", "4713-01-01 00:00:00+00 BC", "10000-01-01"])
def test_an_instant_no_datetime_can_hold_is_refused(written: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        with pytest.raises(DataError):
            cursor.fetchone()
