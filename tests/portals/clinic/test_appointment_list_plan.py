"""What the list asks of PostgreSQL stays small while the table grows: by index, never the whole table."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from organisations.models import Doctor, Organisation, Patient
from tests import factories
from tests.many_visits import write_visits
from tests.portals.browsers import sign_in

from .front_desk import url

ROWS = 20_000
# A page of fifty passes over what other statuses lie between. All of one doctor's visits are fewer: which way
# the planner goes to them is left to it.
DOCTORS = 50
MOST_FOR_A_PAGE = 500
# At this size what lies ahead is read as a whole, and then counted; from some 100,000 on less of it.
MOST_FOR_THE_COUNTS = ROWS // 4


@pytest.fixture
def big(db: None) -> Organisation:
    organisation = factories.make_organisation()
    write_visits(organisation, ROWS, doctors=DOCTORS)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return organisation


def plans(organisation: Organisation, **query: str) -> list[dict[str, Any]]:
    """The plan, carried out, of every statement that reads appointments for this page."""
    client = sign_in(factories.make_member(organisation=organisation).user)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url("appointments"), query).status_code == 200
    statements = [each["sql"] for each in captured.captured_queries]
    reading = [sql for sql in statements if 'FROM "appointments_appointment"' in sql]
    assert len(reading) == 2  # the rows, and all the counts at once
    found = []
    with connection.cursor() as cursor:
        for sql in reading:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
            found.append(cursor.fetchone()[0][0]["Plan"])
    return sorted(found, key=lambda plan: plan["Node Type"] != "Limit")  # the rows first


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def test_no_tab_reads_the_table_or_sorts_on_disk(big: Organisation) -> None:
    for tab in ("upcoming", "held", "past", "cancelled", "all"):
        check(*plans(big, tab=tab))


def test_nor_does_a_filter(big: Organisation) -> None:
    doctor, patient = Doctor.objects.latest("id"), Patient.objects.latest("id")
    for tab in ("upcoming", "past", "cancelled", "all"):
        check(*plans(big, tab=tab, doctor=doctor.uid))
        check(*plans(big, tab=tab, patient=patient.uid))


def check(rows: dict[str, Any], counts: dict[str, Any]) -> None:
    reads = {MOST_FOR_A_PAGE: rows, MOST_FOR_THE_COUNTS: counts}
    for most, plan in reads.items():
        for node in nodes(plan):
            assert node.get("Sort Space Type", "Memory") == "Memory"
            if node.get("Relation Name") != "appointments_appointment":
                continue
            assert node["Node Type"] != "Seq Scan"
            passed = node.get("Rows Removed by Filter", 0)
            assert (node["Actual Rows"] + passed) * node["Actual Loops"] <= most
