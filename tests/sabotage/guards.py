"""What a guard is: something that can be taken away, and the tests that must go red when it is gone."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql


class NoLongerFits(Exception):
    """The source or the database is not what the table of guards says."""


@dataclass(frozen=True)
class Ground:
    """Where guards are taken away: a throw-away copy of the tree and a database of its own."""

    tree: Path
    database_url: str


@dataclass(frozen=True)
class Guard(ABC):
    """`tests` are node ids, or beginnings of them; of each at least one test must go red."""

    name: str
    tests: tuple[str, ...]

    @abstractmethod
    def taken_away(self, ground: Ground) -> AbstractContextManager[None]:
        """Inside, the guard is gone. Raises NoLongerFits when it is not where it should be."""


@dataclass(frozen=True)
class InSource(Guard):
    """A piece of code, `old` to the letter, that stands exactly once in `path`; `new` takes its place."""

    path: str
    old: str
    new: str

    def fits(self, tree: Path) -> bool:
        return (tree / self.path).read_text().count(self.old) == 1

    @contextmanager
    def taken_away(self, ground: Ground) -> Iterator[None]:
        if not self.fits(ground.tree):
            raise NoLongerFits(f"{self.path} does not hold the text exactly once")
        file = ground.tree / self.path
        before = file.read_text()
        file.write_text(before.replace(self.old, self.new))
        try:
            yield
        finally:
            file.write_text(before)


@dataclass(frozen=True)
class Constraint(Guard):
    """A constraint of the database, by its name."""

    table: str
    constraint: str

    @contextmanager
    def taken_away(self, ground: Ground) -> Iterator[None]:
        table, name = sql.Identifier(self.table), sql.Identifier(self.constraint)
        with psycopg.connect(ground.database_url, autocommit=True) as connection:
            found = connection.execute(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND conname = %s",
                [self.table, self.constraint],
            ).fetchone()
            if found is None:
                raise NoLongerFits(f"{self.table} has no such constraint")
            connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(table, name))
            try:
                yield
            finally:
                # What a test may have left behind must not keep the constraint out.
                connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(table))
                add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} ").format(table, name)
                connection.execute(add + sql.SQL(found[0]))


@dataclass(frozen=True)
class Trigger(Guard):
    """A trigger of the database, by its name."""

    table: str
    trigger: str

    @contextmanager
    def taken_away(self, ground: Ground) -> Iterator[None]:
        with psycopg.connect(ground.database_url, autocommit=True) as connection:
            self._switch(connection, "DISABLE")
            try:
                yield
            finally:
                self._switch(connection, "ENABLE")

    def _switch(self, connection: psycopg.Connection, how: str) -> None:
        connection.execute(
            sql.SQL(f"ALTER TABLE {{}} {how} TRIGGER {{}}").format(
                sql.Identifier(self.table), sql.Identifier(self.trigger)
            )
        )
