"""Slots: the pure computation, and the real endpoint, on the neutral workloads and a large generated one.

The floor E is the two queries written raw, the integer computation and the JSON, without ORM or HTTP.
"""

from collections.abc import Iterator
from datetime import timedelta
from unittest import mock

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from appointments import slots
from common.clock import from_epoch

from . import floors
from .figures import Figure, medians
from .workloads import Clinic, Workload, compute, fill, generated, read

# The peers of the same arithmetic, measured beside the naive one on the medium workload in another
# session: Medplum's takes 0.52 of it, cal.com's 19.6. Ten times faster than the one and two hundred
# times faster than the other are then 19 and 10 times faster than the naive one.
FASTER_THAN_NAIVE = 19


def measure(*, quick: bool) -> Iterator[Figure]:
    rounds = 6 if quick else 40
    doctors = 30 if quick else 500
    for name, workload in (
        ("small", read("small")),
        ("medium", read("medium")),
        (f"{doctors} doctors × 14 days", generated(doctors, 14)),
    ):
        yield from _computation(name, workload, rounds=rounds)
        yield from _endpoint(name, workload, fill(workload), rounds=rounds)


def _computation(name: str, load: Workload, *, rounds: int) -> Iterator[Figure]:
    arguments = (load.books, load.start, load.end, load.length)
    assert compute(*arguments) == floors.bare_integers(*arguments) == load.expected
    took = medians(
        {
            "ours": lambda: compute(*arguments),
            "bare": lambda: floors.bare_integers(*arguments),
        },
        rounds=rounds,
    )
    yield Figure(
        "slots", f"{name}: computation", took["ours"], "ms", took["bare"], "bare integers", bar=1.7
    )
    if name == "medium":
        assert floors.naive(*arguments) == load.expected
        naive = medians({"naive": lambda: floors.naive(*arguments)}, rounds=5)["naive"]
        yield Figure(
            "slots",
            f"{name}: naive datetimes beside it",
            naive,
            "ms",
            took["ours"],
            "ours",
            bar=FASTER_THAN_NAIVE,
            at_least=True,
        )


def _endpoint(name: str, load: Workload, clinic: Clinic, *, rounds: int) -> Iterator[Figure]:
    now = from_epoch(load.start) - timedelta(days=1)
    client = Client()
    query = {
        "shop_uid": clinic.shop.uid,
        "appointment_type_uid": clinic.kind.uid,
        "from": str(load.start),
        "to": str(load.end),
    }
    with mock.patch("api.scheduling.discovery.utc_now", return_value=now):
        with CaptureQueriesContext(connection) as statements:
            answer = client.get("/v1/scheduling/slots", query)
        statement_count = len(statements)  # later requests begin the record anew
        took = medians(
            {
                "E": lambda: floors.floor_e(clinic.doctors, load.start, load.end, load.length),
                "bookable": lambda: slots.bookable(
                    clinic.kind, start=load.start, end=load.end, now=now
                ),
                "endpoint": lambda: client.get("/v1/scheduling/slots", query),
            },
            rounds=rounds,
        )
    wrong = _missing_or_extra(answer.json()["data"], load, clinic)
    yield Figure("slots", f"{name}: starts missing or extra", wrong, "", bar=0)
    yield Figure("slots", f"{name}: statements of the endpoint", statement_count, "", bar=6)
    yield Figure("slots", f"{name}: the predicate", took["bookable"], "ms", took["E"], "E")
    # For one doctor and a week E is next to nothing, and what is left is Django's way there and back.
    bar = None if name == "small" else 2.0
    yield Figure("slots", f"{name}: the endpoint", took["endpoint"], "ms", took["E"], "E", bar)


def _missing_or_extra(data: list[dict[str, object]], load: Workload, clinic: Clinic) -> int:
    expected = {
        (clinic.doctors[key].uid, at) for key, starts in load.expected.items() for at in starts
    }
    listed = [(slot["doctor_uid"], slot["starts_at"]) for slot in data]
    return len(expected.symmetric_difference(listed)) + len(listed) - len(set(listed))
