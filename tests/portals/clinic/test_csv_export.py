"""The CSV: inert in a spreadsheet, exact in time, and written while it is read."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from portals.csv_export import CHUNK, Cell, cell, csv_response

ZONE = "Europe/Berlin"


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r"])
def test_a_text_that_a_spreadsheet_would_run_is_inert(first: str) -> None:
    assert cell(f"{first}1+1", ZONE) == f"'{first}1+1"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (datetime(2027, 3, 2, 9, 0, tzinfo=UTC), "2027-03-02T10:00:00+01:00"),
        (datetime(2027, 7, 2, 9, 0, tzinfo=UTC), "2027-07-02T11:00:00+02:00"),
        (date(2027, 3, 2), "2027-03-02"),
        (None, ""),
        (True, "yes"),
        (-5, -5),
        ("a=b", "a=b"),
    ],
)
def test_values_are_written_as_they_are_meant(value: Cell, written: object) -> None:
    assert cell(value, ZONE) == written


def test_the_file_reads_back_with_commas_quotes_and_lines() -> None:
    awkward = 'a, "b"\nc'
    response = csv_response("visits.csv", ["Name"], [[awkward]], zone_name=ZONE)

    text = response.getvalue().decode()

    assert list(csv.reader(io.StringIO(text))) == [["Name"], [awkward]]
    assert response.headers["Content-Disposition"] == 'attachment; filename="visits.csv"'


def test_rows_are_read_a_chunk_at_a_time() -> None:
    read = 0

    def rows() -> Iterator[list[Cell]]:
        nonlocal read
        for number in range(CHUNK * 3):
            read += 1
            yield [number]

    stream = iter(csv_response("n.csv", ["n"], rows(), zone_name=ZONE))
    next(stream)
    assert read == 0
    next(stream)
    assert read == CHUNK
