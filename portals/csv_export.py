"""Rows as a CSV file in constant memory: written while they are read from the database.

    rows = ((visit.uid, visit.starts_at, …) for visit in queryset.iterator(chunk_size=CHUNK))
    return csv_response("appointments.csv", HEADER, rows, zone_name=request.zone)

`iterator` reads through a cursor on the server. Times are ISO 8601 with the offset of the zone; a text
that a spreadsheet would run as a formula is written with ' before it.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import islice

from django.http import StreamingHttpResponse

from common.clock import zone

Cell = str | int | float | bool | date | datetime | None
CHUNK = 1000  # rows read, and written, at a time
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class _Echo:
    """What `csv.writer` writes to: hands the line back."""

    def write(self, line: str) -> str:
        return line


def csv_response(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[Cell]], *, zone_name: str
) -> StreamingHttpResponse:
    return StreamingHttpResponse(
        _lines(header, rows, zone_name),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "X-Content-Type-Options": "nosniff",
        },
    )


def cell(value: Cell, zone_name: str) -> str | int | float:
    """One value as it stands in the file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return value
    if isinstance(value, datetime):
        return value.astimezone(zone(zone_name)).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return f"'{value}" if value.startswith(_FORMULA) else value


def _lines(header: Sequence[str], rows: Iterable[Sequence[Cell]], zone_name: str) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield writer.writerow(header)
    remaining = iter(rows)
    while chunk := list(islice(remaining, CHUNK)):
        yield "".join(writer.writerow([cell(value, zone_name) for value in row]) for row in chunk)
