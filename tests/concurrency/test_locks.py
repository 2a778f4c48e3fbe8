"""The locks of each verb: which rows it waits for, and that it does not wait for inserts beside them."""

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import LiteralString

import pytest
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from psycopg import sql

from appointments import lifecycle
from appointments.models import Appointment
from common.retrying import sqlstate
from tests.appointments.clinic import HOUR, START, Clinic, make_clinic
from tests.factories import ADMIN, NOW, PATIENT

from .racing import Work, race, wait_until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def locked(row: Model, strength: LiteralString) -> Generator[None]:
    """Somebody else's transaction has that row, which this thread's connection plays."""
    with transaction.atomic(), connection.cursor() as cursor:
        table = sql.Identifier(row._meta.db_table)
        statement = sql.SQL("SELECT id FROM {} WHERE id = %s FOR {}")
        cursor.execute(statement.format(table, sql.SQL(strength)), [row.pk])
        yield


def is_locked(row: Model) -> bool:
    """Whether somebody else has it."""
    free = type(row)._default_manager.select_for_update(no_key=True, skip_locked=True)
    return not free.filter(pk=row.pk).exists()


def impatient(work: Work) -> Appointment:
    """Give up with 55P03 instead of waiting longer than 150 ms for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '150ms'")
    return work()


def verbs(clinic: Clinic) -> dict[str, tuple[Work, dict[str, Model]]]:
    """Each verb ready to be called, and the rows it knows."""
    held, booked = clinic.hold(), clinic.book(START + HOUR)
    patient = clinic.new_patient()

    def rows(visit: Appointment) -> dict[str, Model]:
        return {
            "patient": visit.patient,
            "organisation": visit.organisation,
            "appointment": visit,
        }

    return {
        "hold": (
            partial(clinic.hold, START + 2 * HOUR, patient=patient),
            {"patient": patient, "organisation": clinic.organisation},
        ),
        "confirm": (partial(lifecycle.confirm, held, actor=PATIENT, now=NOW), rows(held)),
        "cancel": (
            partial(lifecycle.cancel, booked, reason="Ill", actor=ADMIN, now=NOW),
            rows(booked),
        ),
        "rebook": (
            partial(lifecycle.rebook, booked, starts_at=START + 3 * HOUR, actor=PATIENT, now=NOW),
            rows(booked),
        ),
        "complete": (
            partial(lifecycle.complete, booked, actor=ADMIN, now=START + HOUR),
            rows(booked),
        ),
    }


WAITS_FOR = {
    "hold": {"patient"},
    "confirm": {"patient", "appointment"},
    "cancel": {"appointment"},
    "rebook": {"patient", "organisation", "appointment"},
    "complete": {"appointment"},
}


@pytest.mark.parametrize("verb", WAITS_FOR)
def test_a_verb_waits_for_exactly_its_rows(verb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.retrying.ATTEMPTS", 1)
    work, rows = verbs(make_clinic())[verb]

    waited = {}
    for name, row in sorted(rows.items(), key=lambda item: item[0] not in WAITS_FOR[verb]):
        try:
            with locked(row, "NO KEY UPDATE"):
                race([partial(impatient, work)])
        except OperationalError as error:
            waited[name] = sqlstate(error)

    assert waited == dict.fromkeys(WAITS_FOR[verb], "55P03")


@pytest.mark.parametrize("verb", ["confirm", "rebook"])
def test_a_verb_takes_its_locks_in_the_one_order(verb: str) -> None:
    """While it waits for one row it has none of those that come after it: so no two wait in a ring."""
    work, rows = verbs(make_clinic())[verb]
    order = [name for name in ("patient", "organisation", "appointment") if name in WAITS_FOR[verb]]

    for position, name in enumerate(order):
        with ThreadPoolExecutor(1) as pool:
            with locked(rows[name], "NO KEY UPDATE"):
                waiting = pool.submit(race, [work])
                wait_until_somebody_waits()
                taken = [later for later in order[position + 1 :] if is_locked(rows[later])]
            waiting.result()
        assert taken == [], f"before {name}"


@pytest.mark.parametrize("verb", WAITS_FOR)
def test_inserts_that_refer_to_its_rows_are_not_in_its_way(verb: str) -> None:
    """FOR UPDATE would wait for the key share locks that every child insert takes, and deadlock."""
    work, rows = verbs(make_clinic())[verb]

    with locked(rows["patient"], "KEY SHARE"), locked(rows["organisation"], "KEY SHARE"):
        (done,) = race([partial(impatient, work)])

    assert isinstance(done, Appointment)


@pytest.mark.parametrize("manager", [lifecycle.expire_stale_holds, lifecycle.complete_finished])
def test_the_manager_waits_for_nobody(manager: Callable[..., int]) -> None:
    clinic = make_clinic()
    busy_hold, free_hold = clinic.hold(), clinic.hold(START + HOUR)
    busy_visit, free_visit = clinic.book(START + 2 * HOUR), clinic.book(START + 3 * HOUR)
    done: list[int] = []

    def work() -> Appointment:
        done.append(manager(now=START + 24 * HOUR))
        return busy_hold

    with locked(busy_hold, "NO KEY UPDATE"), locked(busy_visit, "NO KEY UPDATE"):
        race([partial(impatient, work)])

    assert done == [1]
    changed = Appointment.objects.filter(status__in=["expired", "completed"])
    assert set(changed) <= {free_hold, free_visit}
