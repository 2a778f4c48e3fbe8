"""The admin portal's appointment list over 1,000,000 rows, against its bare SQL and the empty page; and the CSV.

A page may cost 1.5 times its SQL and the empty page together; the page at row 500,000 1.3 times page 1.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial

import psutil
from django.db import connection
from django.test import Client
from django.urls import reverse

from organisations.models import Doctor, MaintenanceRun, Organisation, Patient
from portals.keyset import Cursor
from tests import factories
from tests.many_visits import DOCTORS, write_visits

from . import replay
from .figures import Figure, medians, milliseconds

PAGE_BAR, FAR_BAR = 1.5, 1.3
TABS = ("upcoming", "held", "past", "cancelled", "all")
MIB = 1024 * 1024


def measure(*, quick: bool) -> Iterator[Figure]:
    rows, rounds = (10_000, 5) if quick else (1_000_000, 40)
    organisation, stranger = _organisation(rows), _signed_in(_newcomer())
    client, url = _signed_in(organisation), reverse("clinic:appointments")
    pages = {f"{tab}, page 1": f"?tab={tab}" for tab in TABS}
    pages |= {f"all, {name}": f"?tab=all&{query}" for name, query in _filters(organisation).items()}
    first = 0.0
    for name, query in pages.items():
        page, floor = _page(client, stranger, url + query, url + query, rounds)
        first = page if name == "all, page 1" else first
        yield _figure(name, page, floor)
    middle = _cursor_at(organisation, rows // 2)
    far = f"all, at row {rows // 2:,}"
    page, floor = _page(client, stranger, f"{url}?tab=all&page={middle}", f"{url}?tab=all", rounds)
    yield _figure(far, page, floor)
    yield Figure("admin list", f"{far}, against page 1", page, "ms", first, "page 1", bar=FAR_BAR)
    yield from _csv(5_000 if quick else 100_000)


def _figure(name: str, page: float, floor: float) -> Figure:
    return Figure("admin list", name, page, "ms", floor, "SQL + empty page", bar=PAGE_BAR)


def _page(
    client: Client, stranger: Client, url: str, empty_url: str, rounds: int
) -> tuple[float, float]:
    """Milliseconds of the page, and of its statements with the same page of a clinic without a visit."""
    steps = [
        step
        for step in replay.recorded(partial(client.get, url))
        if isinstance(step, str) and "appointments_appointment" in step
    ]
    with replay.connected() as raw:
        took = medians(
            {
                "page": partial(client.get, url),
                "sql": partial(replay.send, steps, raw),
                "empty": partial(stranger.get, empty_url),
            },
            rounds=rounds,
        )
    return took["page"], took["sql"] + took["empty"]


def _csv(rows: int) -> Iterator[Figure]:
    """A clinic of that many visits, all of them in one file, against reading the same columns raw."""
    organisation = factories.make_organisation()
    write_visits(organisation, rows)
    client, process = _signed_in(organisation), psutil.Process()
    url = f"{reverse('clinic:appointments-export')}?tab=all"
    before = most = process.memory_info().rss
    lines = 0

    def download() -> None:
        nonlocal lines, most
        for number, chunk in enumerate(client.get(url)):
            lines += chunk.count(b"\n")
            if number % 20 == 0:
                most = max(most, process.memory_info().rss)

    took = milliseconds(download)
    floor = milliseconds(partial(_read_raw, organisation))
    yield Figure("admin list", f"CSV of {rows:,} rows", took, "ms", floor, "COPY of the table")
    yield Figure("admin list", "CSV: lines missing or extra", abs(lines - rows - 1), "", bar=0)
    growth = (most - before) / MIB
    yield Figure("admin list", "CSV: memory while it streams, growth", growth, "MiB", bar=32)


def _read_raw(organisation: Organisation) -> None:
    copy = "COPY (SELECT * FROM appointments_appointment WHERE organisation_id = {}) TO STDOUT (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(copy.format(organisation.pk)) as rows:
        for _ in rows:
            pass


def _filters(organisation: Organisation) -> dict[str, str]:
    doctor = Doctor.objects.of(organisation).latest("pk")
    patient = Patient.objects.of(organisation).latest("pk")
    return {
        "one doctor": f"doctor={doctor.uid}",
        "one patient": f"patient={patient.uid}",
        "two statuses": "status=no_show&status=cancelled",
        "a range of dates": f"from={datetime.now(UTC):%Y-%m-%d}&to={datetime.now(UTC):%Y-%m-%d}",
    }


def _organisation(rows: int) -> Organisation:
    organisation = factories.make_organisation()
    write_visits(organisation, rows)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    now = datetime.now(UTC)
    MaintenanceRun.objects.create(started_at=now, finished_at=now)
    return organisation


def _newcomer() -> Organisation:
    """As many doctors and types to choose from, and no visit."""
    organisation = factories.make_organisation(name="Nothing yet")
    doctors = [factories.make_doctor(organisation=organisation) for _ in range(DOCTORS)]
    for _ in range(3):
        factories.make_type(organisation=organisation, doctors=doctors)
    return organisation


def _signed_in(organisation: Organisation) -> Client:
    client = Client()
    client.force_login(factories.make_member(organisation=organisation).user)
    return client


def _cursor_at(organisation: Organisation, row: int) -> str:
    """The cursor that stands before the row of that number of the tab All, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT starts_at, uid FROM appointments_appointment WHERE organisation_id = %s"
            " ORDER BY starts_at DESC, uid DESC OFFSET %s LIMIT 1",
            [organisation.pk, row],
        )
        starts_at, uid = cursor.fetchone()
    return str(Cursor(False, starts_at, uid))
