"""Partners race over HTTP: the web as it runs in production, clients that are processes of their own.

One of sixteen gets the time, the rest hear that it is taken, and PostgreSQL sees no deadlock. What was
answered with 201 is there after a kill -9 of the web.
"""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import as_completed
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch
from tests.api.world import BASE, TOKEN_HEADER, Clinic, make_clinic, on_the_grid

from .callers import Answer, Call, callers, send_together
from .programs import ROOT, eventually, own_database

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

CLIENTS = 16
ROUNDS, ENOUGH_SECONDS, ENOUGH_ROUNDS = 150, 30.0, 15  # a slow machine plays fewer
TURNS, PER_TURN = 2, 90  # kills of the web, and holds asked for around each
HALF_HOUR = timedelta(minutes=30)


@dataclass
class Stage:
    clinic: Clinic
    first: datetime
    database_url: str
    port: int
    environment: dict[str, str]
    log: Path
    web: subprocess.Popen[bytes] | None = None

    def start_web(self) -> None:
        gunicorn = str(Path(sys.executable).parent / "gunicorn")
        with self.log.open("ab") as log:
            self.web = subprocess.Popen(
                [gunicorn, "--config", "python:rxscale.gunicorn", "rxscale.wsgi"],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self.is_up, within=60, what="the start of the web")

    def is_up(self) -> bool:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def kill_web(self) -> None:
        """kill -9, its workers, too."""
        if self.web is not None:
            os.killpg(self.web.pid, signal.SIGKILL)
            self.web.wait()
            self.web = None

    def hold(self, customer: str, number: int) -> Call:
        """The half hour of that number, counted from `first`."""
        body = {
            "appointment_type_uid": self.clinic.kind.uid,
            "starts_at": to_epoch(self.first + number * HALF_HOUR),
        }
        headers = (
            (TOKEN_HEADER, self.clinic.token(customer)),
            ("Content-Type", "application/json"),
        )
        return Call(self.port, f"{BASE}/appointments", headers, json.dumps(body).encode())

    def deadlocks(self) -> int:
        """What PostgreSQL counted in this database, which is this test's alone."""
        with psycopg.connect(self.database_url) as connection:
            (count,) = connection.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            ).fetchall()[0]
        return int(count)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def stage(django_db_blocker: DjangoDbBlocker, tmp_path: Path) -> Generator[Stage]:
    with django_db_blocker.unblock(), own_database() as url:
        port = _free_port()
        environment = {
            "DATABASE_URL": url,
            "REDIS_KEY_PREFIX": f"race-{secrets.token_hex(4)}:",
            "RXSCALE_DATA_DIR": str(tmp_path),
            "PORT": str(port),
            "WEB_CONCURRENCY": "3",
            "RATE_LIMIT": "off",
        }
        first = on_the_grid(timedelta(hours=24))
        stage = Stage(make_clinic(), first, url, port, environment, tmp_path / "web.log")
        try:
            stage.start_web()
            yield stage
        finally:
            stage.kill_web()


def test_one_of_sixteen_processes_gets_the_time_round_after_round(stage: Stage) -> None:
    begun, rounds = time.monotonic(), 0
    with callers(CLIENTS) as pool:
        while rounds < ENOUGH_ROUNDS or (
            rounds < ROUNDS and time.monotonic() - begun < ENOUGH_SECONDS
        ):
            calls = [stage.hold(f"{rounds}-{number}", rounds) for number in range(CLIENTS)]
            answers = Counter((each.status, each.code) for each in pool.map(send_together, calls))
            assert answers == {(201, ""): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {rounds}"
            rounds += 1

    assert Appointment.objects.filter(status=Status.HELD).count() == rounds
    assert stage.deadlocks() == 0


def test_what_was_acknowledged_survives_a_kill_of_the_web(stage: Stage) -> None:
    answers: list[Answer] = []
    with callers(CLIENTS) as pool:
        for turn in range(TURNS):
            calls = [stage.hold(f"{turn}-{n}", turn * PER_TURN + n) for n in range(PER_TURN)]
            futures = [pool.submit(call.send) for call in calls]
            for future in islice(as_completed(futures), PER_TURN // 3):
                assert future.result().status == 201
            stage.kill_web()
            answers += [future.result() for future in futures]
            stage.start_web()

    assert {answer.status for answer in answers} == {0, 201}  # it was killed in the middle
    acknowledged = {answer.uid for answer in answers if answer.status == 201}
    held = set(Appointment.objects.filter(status=Status.HELD).values_list("uid", flat=True))
    assert acknowledged <= held
    assert stage.deadlocks() == 0
