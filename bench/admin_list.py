"""The admin portal's appointment list over 1,000,000 rows, against its bare SQL and the empty page.

    DATABASE_URL=... python -m bench.admin_list [rows]

Makes a database of its own beside the named one, and drops it. Must hold: a page ≤ 1.5 × (its SQL + the
empty page), and the page at row 500,000 ≤ 1.3 × page 1. Quote the ratios, not the milliseconds.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
django.setup()

from django.db import connection  # noqa: E402 -- Django's models can be imported only after setup
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.urls import reverse  # noqa: E402

from organisations.models import MaintenanceRun, Organisation  # noqa: E402
from portals.keyset import Cursor  # noqa: E402
from tests import factories  # noqa: E402
from tests.many_visits import DOCTORS, write_visits  # noqa: E402

ROUNDS = 40


def newcomer() -> Organisation:
    """As many doctors and types to choose from, and no visit."""
    organisation = factories.make_organisation(name="Nothing yet")
    doctors = [factories.make_doctor(organisation=organisation) for _ in range(DOCTORS)]
    for _ in range(3):
        factories.make_type(organisation=organisation, doctors=doctors)
    return organisation


def signed_in(organisation: Organisation) -> Client:
    client = Client()
    client.force_login(factories.make_member(organisation=organisation).user)
    return client


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def statements_of(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return [
        query["sql"]
        for query in captured.captured_queries
        if "appointments_appointment" in query["sql"]
    ]


def replay(statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
            cursor.fetchall()


def cursor_at(organisation: Organisation, row: int, *, order: str) -> str:
    """The cursor that stands before the row of that number of the tab All."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT starts_at, uid FROM appointments_appointment WHERE organisation_id = %s"  # noqa: S608
            f" ORDER BY starts_at {order}, uid {order} OFFSET %s LIMIT 1",
            [organisation.pk, row],
        )
        starts_at, uid = cursor.fetchone()
    return str(Cursor(False, starts_at, uid))


def measure(
    name: str,
    client: Client,
    url: str,
    stranger: Client,
    empty_url: str,
    first: float | None = None,
) -> float:
    """One line of the report: the page, its SQL, the same page with nothing to show; interleaved."""
    statements = statements_of(client, url)
    assert len(statements) == len(statements_of(stranger, empty_url))
    works: dict[str, Callable[[], object]] = {
        "page": lambda: client.get(url),
        "sql": lambda: replay(statements),
        "empty": lambda: stranger.get(empty_url),
    }
    times: dict[str, list[float]] = {key: [] for key in works}
    for _ in range(ROUNDS):
        for key, work in works.items():
            times[key].append(milliseconds(work))
    page, sql, empty = (statistics.median(times[key]) for key in ("page", "sql", "empty"))
    against_first = f"   {page / first:5.2f} × page 1" if first else ""
    print(
        f"{name:32} page {page:7.2f} ms   SQL {sql:6.2f}   empty {empty:6.2f}"
        f"   {page / (sql + empty):5.2f} × (SQL + empty){against_first}"
    )
    return page


def main(rows: int) -> None:
    organisation = factories.make_organisation()
    began = time.perf_counter()
    write_visits(organisation, rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    now = datetime.now(UTC)
    MaintenanceRun.objects.create(started_at=now, finished_at=now)
    print(f"{rows:,} rows written in {time.perf_counter() - began:.0f} s")
    client = signed_in(organisation)
    stranger = signed_in(newcomer())
    url = reverse("clinic:appointments")
    for tab in ("upcoming", "held", "past", "cancelled"):
        of_tab = f"{url}?tab={tab}"
        measure(f"{tab}, page 1", client, of_tab, stranger, of_tab)
    everything = f"{url}?tab=all"
    first = measure("all, page 1", client, everything, stranger, everything)
    middle = cursor_at(organisation, rows // 2, order="DESC")
    far = f"{everything}&page={middle}"
    measure(f"all, at row {rows // 2:,}", client, far, stranger, everything, first)


if __name__ == "__main__":
    connection.settings_dict["TEST"]["NAME"] = "bench_admin_list"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)
