"""Statements Django's ORM cannot say."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup, Model
from django.db.models.sql.compiler import SQLCompiler


@Field.register_lookup
class AnyOf(Lookup):
    """`pk__any=[…]`: one array however many they are, where `in` makes and sends a parameter for each."""

    lookup_name = "any"
    prepare_rhs = False

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = ANY(%s)", (*parameters, self.rhs)


def insert_or_nothing(instance: Model) -> bool:
    """INSERT … ON CONFLICT DO NOTHING RETURNING: sets the primary key and says whether a row came.

    Unlike a plain INSERT that meets an exclusion constraint this neither raises nor deadlocks
    when many race for one slot. It waits for a conflicting insert to commit or roll back.
    Which constraint spoke it does not say.
    """
    table, places = _insert(type(instance))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{table} VALUES {places} ON CONFLICT DO NOTHING RETURNING {_quoted(instance._meta.pk)}",
            _values(instance),
        )
        row = cursor.fetchone()
    if row is None:
        return False
    instance.pk = row[0]
    instance._state.adding = False
    instance._state.db = connection.alias
    return True


def insert_all(instances: Sequence[Model]) -> None:
    """INSERT of rows of one table by one statement. Unlike `bulk_create` it does not tell them their numbers."""
    if not instances:
        return
    table, places = _insert(type(instances[0]))
    with connection.cursor() as cursor:
        cursor.execute(
            f"{table} VALUES {', '.join([places] * len(instances))}",
            [value for each in instances for value in _values(each)],
        )


@cache
def _insert(model: type[Model]) -> tuple[str, str]:
    """How the statement begins, and the places of a row: the same for every row of the table."""
    columns = [_quoted(field) for field in _filled(model)]
    table = connection.ops.quote_name(model._meta.db_table)
    return f"INSERT INTO {table} ({', '.join(columns)})", f"({', '.join(['%s'] * len(columns))})"


@cache
def _filled(model: type[Model]) -> list["Field[Any, Any]"]:
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


def _values(instance: Model) -> list[Any]:
    return [
        field.get_db_prep_save(field.pre_save(instance, add=True), connection)
        for field in _filled(type(instance))
    ]


def _quoted(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(field.column))
