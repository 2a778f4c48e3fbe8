"""Races on real PostgreSQL: threads with connections of their own, and ways to take a guard away."""

import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Barrier, BrokenBarrierError, local

import pytest
from django.db import connection

from appointments.errors import Refused
from appointments.models import Appointment

Work = Callable[[], Appointment]
Outcome = Appointment | Refused

# One doctor's active visits whose padded ranges meet, and one patient's confirmed ones: must be none.
_OVERLAPS = """
SELECT count(*) FROM appointments_appointment a JOIN appointments_appointment b ON a.id < b.id
WHERE (a.doctor_id = b.doctor_id
        AND a.status IN ('held', 'confirmed') AND b.status IN ('held', 'confirmed')
        AND tstzrange(a.blocked_from, a.blocked_until) && tstzrange(b.blocked_from, b.blocked_until))
    OR (a.patient_id = b.patient_id AND a.status = 'confirmed' AND b.status = 'confirmed'
        AND tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at))
"""


def race(works: Iterable[Work]) -> list[Outcome]:
    """Run all at once; what each answered, in order. Anything but an answer or a refusal is raised."""
    works = list(works)
    gate = Barrier(len(works))

    def run(work: Work) -> Outcome:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            return work()
        except Refused as refused:
            return refused
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def tally(outcomes: Iterable[Outcome]) -> Counter[str]:
    """How many got which answer: a refusal's code, else "done"."""
    return Counter(each.code if isinstance(each, Refused) else "done" for each in outcomes)


def count_of_overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_OVERLAPS)
        (count,) = cursor.fetchone()
    return int(count)


def meet_after(
    monkeypatch: pytest.MonkeyPatch, target: str, *, parties: int, patience: float = 1.0
) -> None:
    """Let every thread wait for the others once, after its first call of `target`.

    Where a lock keeps them from ever getting there together they go on after `patience` seconds.
    """
    module, _, name = target.rpartition(".")
    original = getattr(pytest.importorskip(module), name)
    barrier, mine = Barrier(parties), local()

    def and_meet(*args: object, **kwargs: object) -> object:
        result = original(*args, **kwargs)
        if not getattr(mine, "has_met", False):
            mine.has_met = True
            with suppress(BrokenBarrierError):
                barrier.wait(timeout=patience)
        return result

    monkeypatch.setattr(target, and_meet)


def wait_until_somebody_waits() -> None:
    """Until another connection to this database waits for a lock; fails after ten seconds."""
    for _ in range(1000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")  # else cached in a transaction
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone() != (0,):
                return
        time.sleep(0.01)
    pytest.fail("nobody waits for a lock")


@contextmanager
def without_constraint(name: str) -> Generator[None]:
    """Drop a constraint of the appointments; it is back, on an empty table, afterwards."""
    (constraint,) = (each for each in Appointment._meta.constraints if each.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(Appointment, constraint)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE appointments_appointment CASCADE")
        with connection.schema_editor() as editor:
            editor.add_constraint(Appointment, constraint)
