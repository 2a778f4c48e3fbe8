"""The rows of the appointment list, and counts that never read a whole table."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Model, QuerySet

from appointments.models import AppointmentQuerySet
from portals.chips import Tab

from .filters import Filters, View

CAP = 1000


@dataclass(frozen=True, slots=True)
class Count:
    """Exact up to CAP; `is_more` says that there are more."""

    number: int
    is_more: bool

    def __str__(self) -> str:
        return f"{self.number:,}+" if self.is_more else f"{self.number:,}"


def rows_of(
    filters: Filters, visits: AppointmentQuerySet, *, now: datetime, zone: str
) -> AppointmentQuerySet:
    """What the list shows of `visits`, with all it names of each row, in one statement."""
    rows = filters.narrow(visits, now=now, zone=zone)
    return rows.select_related(
        "doctor", "patient", "appointment_type", "rebooked_to", "previous"
    ).only(
        "uid",
        "status",
        "starts_at",
        "ends_at",
        "hold_expires_at",
        "doctor__uid",
        "doctor__display_name",
        "doctor__timezone",
        "patient__uid",
        "patient__first_name",
        "patient__last_name",
        "appointment_type__name",
        "rebooked_to__uid",
        "rebooked_to__doctor_id",
        "previous__uid",
        "previous__doctor_id",
    )


def tabs_of(
    filters: Filters, visits: AppointmentQuerySet, *, now: datetime, zone: str
) -> dict[View, Tab]:
    """Every tab with what it would show under these filters. One statement."""
    counts = capped_counts(
        [
            filters.narrow(visits, now=now, zone=zone, view=view).order_by(
                "-starts_at" if view.is_newest_first else "starts_at"
            )
            for view in View
        ]
    )
    return {
        view: Tab(
            label=str(view.label),
            url=filters.query_of(view),
            is_current=view == filters.view,
            count=count.number,
            is_more=count.is_more,
        )
        for view, count in zip(View, counts, strict=True)
    }


def capped_counts(querysets: Sequence[QuerySet[Model]]) -> list[Count]:
    """How many rows each holds, up to CAP, in one statement.

    Their order is kept: it leads the planner to the index the rows lie together in. Without it a
    sequential scan looks cheap, and reads a million rows when the wanted ones are its last.
    """
    parts: list[str] = []
    values: list[Any] = []
    for rows in querysets:
        try:
            sql, params = rows.values("pk")[: CAP + 1].query.sql_with_params()
        except EmptyResultSet:
            sql, params = "SELECT 1 WHERE FALSE", ()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS capped)")  # noqa: S608 -- Django's own SQL
        values += params
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        numbers: tuple[int, ...] = cursor.fetchone()
    return [Count(min(number, CAP), is_more=number > CAP) for number in numbers]
