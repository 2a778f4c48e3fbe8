"""A verb's own statements, sent again by bare psycopg: the floor of what the verb may cost."""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import psycopg
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from psycopg import sql

from notifications import rows

_SEQUENCES = "SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences"


@dataclass(frozen=True, slots=True)
class Copy:
    statement: sql.Composed
    rows: Sequence[tuple[object, ...]]


Step = str | Copy


def recorded(work: Callable[[], object]) -> list[Step]:
    """The steps of `work` in the order they were sent. Nothing of it stays, row numbers included."""
    copies: list[Sequence[tuple[object, ...]]] = []
    with _numbers_restored(), transaction.atomic():
        with _copies_noted(copies), CaptureQueriesContext(connection) as captured:
            work()
        sent: list[Any] = [each["sql"] for each in captured.captured_queries]
        transaction.set_rollback(True)
    noted = iter(copies)
    return [
        Copy(each, next(noted)) if isinstance(each, sql.Composed) else str(each)
        for each in sent
        if not (isinstance(each, str) and each.startswith(_TRANSACTION_WORDS))
    ]


def connected() -> psycopg.Connection[Any]:
    """To the database of the suite, in autocommit, planned for as ours are."""
    ours = settings.DATABASES["default"]["OPTIONS"]["options"]
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True, options=ours)


def send(steps: Sequence[Step], to: psycopg.Connection[Any]) -> None:
    """In one transaction, reading every answer."""
    with to.transaction(), to.cursor() as cursor:
        for step in steps:
            if isinstance(step, Copy):
                with cursor.copy(step.statement) as copy:
                    for row in step.rows:
                        copy.write_row(row)
            else:
                cursor.execute(step.encode())
                if cursor.description:
                    cursor.fetchall()


_TRANSACTION_WORDS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")


@contextmanager
def _copies_noted(copies: list[Sequence[tuple[object, ...]]]) -> Generator[None]:
    original = rows._copy

    def copy(table: str, columns: Any, given: Any) -> None:
        kept = [tuple(row) for row in given]
        copies.append(kept)
        original(table, columns, kept)

    with mock.patch.object(rows, "_copy", copy):
        yield


@contextmanager
def _numbers_restored() -> Generator[None]:
    """A rollback keeps the numbers that were taken; the same statements need the same again."""
    with connection.cursor() as cursor:
        cursor.execute(_SEQUENCES)
        before = cursor.fetchall()
    yield
    with connection.cursor() as cursor:
        for name, last in before:
            cursor.execute("SELECT setval(%s, %s, %s)", [name, last or 1, last is not None])
