"""PostgreSQL as Django knows it, but nobody waits for ever for a server that says nothing.

A stopped server refuses at once. One that hangs (a frozen machine, a full disk, a cut cable) is silent, and
a driver waits as long as it takes: thread after thread of a web process, until none is left to say so.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, TypeVar

import psycopg
from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader
from psycopg.abc import Buffer, PQGen

from common.breaker import Breaker

Result = TypeVar("Result")

CHECK_SECONDS = 0.3  # for a kept connection to say that it is still good
GRACE_SECONDS = (
    0.2  # on top of the server's own limit: one that lives gives up the statement before we do
)
PAUSE_SECONDS = 1.0  # between two tries to connect to a server that is away

_answer_seconds: float | None = None


def wait_at_most(seconds: float | None) -> None:
    """Let no statement of this process's new connections wait longer for its answer; None and 0: no limit.

    The server is told, too, so that it does not work on for a caller who has left.
    """
    global _answer_seconds  # of the process, as Django's settings are
    _answer_seconds = seconds or None


class Connection(psycopg.Connection[Any]):
    """Gives up, closes and says so to `door` when an answer takes longer than `answer_seconds`."""

    answer_seconds: float | None = None
    door: "Door | None" = None

    def wait(
        self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None
    ) -> Result:
        try:
            return super().wait(gen, interval, self.answer_seconds if timeout is None else timeout)
        except psycopg.errors._WaitTimeout as error:
            if self.door:
                self.door.shut()
            self.pgconn.finish()  # whatever comes now answers a question nobody asks any more
            raise psycopg.OperationalError("the server does not answer") from error

    @contextmanager
    def answering_within(self, seconds: float) -> Generator[None]:
        """Inside, a wait that is too short to prove that the server is away."""
        usual = self.answer_seconds, self.door
        self.answer_seconds, self.door = seconds, None
        try:
            yield
        finally:
            self.answer_seconds, self.door = usual


class Door:
    """Where connecting or waiting for an answer has failed, one thread of the process tries again after a pause.

    The others are told at once, and so is who has just waited in vain: no queue of requests waits behind
    threads that all wait.
    """

    def __init__(self) -> None:
        self._pause = Breaker(PAUSE_SECONDS)
        self._turn = threading.Lock()
        self._has_failed = False

    def connect(self, *arguments: Any, **options: Any) -> Connection:
        if not self._has_failed:
            return self._try(*arguments, **options)
        if self._pause.is_open() or not self._turn.acquire(blocking=False):
            raise psycopg.OperationalError("the server has not answered a moment ago")
        try:
            return self._try(*arguments, **options)
        finally:
            self._turn.release()

    def shut(self) -> None:
        """The server is away: for a while nobody tries."""
        self._has_failed = True
        self._pause.open()

    def _try(self, *arguments: Any, **options: Any) -> Connection:
        try:
            connection = Connection.connect(*arguments, **options)
        except psycopg.OperationalError:
            self.shut()
            raise
        self._has_failed = False
        if _answer_seconds:
            connection.answer_seconds, connection.door = _answer_seconds + GRACE_SECONDS, self
        return connection


class _Driver(ModuleType):
    """psycopg as Django's backend asks for it, but for how a connection is made."""

    def __init__(self) -> None:
        super().__init__(psycopg.__name__)
        self.connect = Door().connect

    def __getattr__(self, name: str) -> Any:
        return getattr(psycopg, name)


class InstantLoader(BaseTzLoader):  # type: ignore[misc]  # of a module without types
    """Reads an instant by the interpreter's own parser, five times as fast as Django's, which is in Python.

    Every session speaks UTC. What only PostgreSQL knows (infinity, years before Christ) Django's refuses.
    """

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(str(data, "ascii"))
        except ValueError:
            loaded: datetime = super().load(data)
            return loaded


class DatabaseWrapper(base.DatabaseWrapper):
    Database = _Driver()

    def get_connection_params(self) -> dict[str, Any]:
        parameters = super().get_connection_params()
        if self.timezone is UTC:
            parameters["context"] = psycopg.adapt.AdaptersMap(parameters["context"])
            parameters["context"].register_loader("timestamptz", InstantLoader)
        if _answer_seconds:
            limit = f"-c statement_timeout={round(_answer_seconds * 1000)}"
            parameters["options"] = f"{parameters.get('options', '')} {limit}".strip()
        return parameters

    def is_usable(self) -> bool:
        if self.connection is None:
            return False
        with self.connection.answering_within(CHECK_SECONDS):
            return super().is_usable()
