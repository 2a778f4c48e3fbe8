"""What the races share: a database that really commits, and an ear for what had to be retried."""

from collections.abc import Generator

import pytest
from django.db import DatabaseError, connection, transaction
from psycopg import sql
from pytest_django import DjangoDbBlocker

from common import retrying

_KEPT = {"django_migrations", "django_content_type", "auth_permission"}


@pytest.fixture
def _django_db_helper(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[None]:
    """What pytest-django does for `transaction=True`, but for its end: all rows are deleted.

    Threads see each other's rows only when they are committed. Truncating every table and making
    Django's own rows anew, as a flush does, would take a second per test.
    """
    with django_db_blocker.unblock():
        yield
        _forget_everything()


def _forget_everything() -> None:
    tables = sorted(set(connection.introspection.table_names()) - _KEPT)
    deletes = [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        # Neither foreign keys nor the audit log's trigger have a say in this.
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql.SQL(";").join(deletes))


@pytest.fixture
def transient(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sqlstates of the transient failures that were retried meanwhile; none should be."""
    seen: list[str] = []
    original = retrying.sqlstate

    def noting(error: DatabaseError) -> str:
        state = original(error)
        if state in retrying.TRANSIENT:
            seen.append(state)
        return state

    monkeypatch.setattr(retrying, "sqlstate", noting)
    return seen
