"""Statements Django's ORM cannot say."""

from typing import Any

from django.db import connection
from django.db.models import Field, Model


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
