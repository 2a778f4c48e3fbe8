"""Statements Django's ORM cannot say."""

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
    meta = instance._meta
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    values = [
        field.get_db_prep_save(field.pre_save(instance, add=True), connection) for field in fields
    ]
    columns = ", ".join(_quoted(field) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    table = connection.ops.quote_name(meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) VALUES ({places})"  # noqa: S608  # our models' own names
            f" ON CONFLICT DO NOTHING RETURNING {_quoted(meta.pk)}",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return False
    setattr(instance, meta.pk.attname, row[0])
    instance._state.adding = False
    instance._state.db = connection.alias
    return True


def _quoted(field: "Field[Any, Any]") -> str:
    return connection.ops.quote_name(str(field.column))
