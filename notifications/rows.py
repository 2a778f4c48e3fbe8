"""Events and deliveries written by COPY: a constant number of statements, at the speed of the table.

A row class names the columns it fills; the others stay NULL. `tests/notifications/test_outbox.py` checks
them against the models.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from psycopg import sql

NEXT_EVENT_ID = "nextval(pg_get_serial_sequence('notifications_event', 'id'))"


class EventRow(NamedTuple):
    id: int
    uid: str
    organisation_id: int
    shop_id: int | None
    event_type: str
    timestamp: int
    subject_uid: str
    about_uid: str
    is_hold_event: bool
    data: str
    contact_paths: str
    created_at: datetime


class DeliveryRow(NamedTuple):
    id: int
    uid: str
    organisation_id: int
    event_id: int | None
    subscription_id: int | None
    channel: str
    kind: str
    subject_uid: str
    about_uid: str
    recipient_group: str
    recipient_uid: str
    address: str
    context: str
    body: str
    state: str
    reason: str
    next_attempt_at: datetime | None
    created_at: datetime
    settled_at: datetime | None
    is_test: bool = False
    attempt_count: int = 0
    lease_token: str = ""
    provider_message_id: str = ""


def reserve_ids(events: int, deliveries: int) -> tuple[list[int], list[int]]:
    """Row numbers for that many events and deliveries, rising, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {NEXT_EVENT_ID} FROM generate_series(1, %s)"  # noqa: S608  # our own words
            " UNION ALL SELECT nextval(pg_get_serial_sequence('notifications_delivery', 'id'))"
            " FROM generate_series(1, %s)",
            [events, deliveries],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return ids[:events], ids[events:]


def insert_events(rows: Iterable[EventRow]) -> None:
    _copy("notifications_event", EventRow._fields, rows)


def insert_deliveries(rows: Iterable[DeliveryRow]) -> None:
    _copy("notifications_delivery", DeliveryRow._fields, rows)


def _copy(table: str, columns: Iterable[str], rows: Iterable[tuple[object, ...]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    with (
        connection.wrap_database_errors,  # Django's cursor lets psycopg's own errors of a COPY pass
        connection.cursor() as cursor,
        cursor.copy(statement) as copy,
    ):
        for row in rows:
            copy.write_row(row)
