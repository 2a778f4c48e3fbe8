"""The web while its servers are stopped, or take connections and never answer; and when it is asked to end.

On servers of its own. PostgreSQL away: 503 with Retry-After within three seconds, never a hang. Valkey away:
booking does not notice.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import environ
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from appointments.models import Appointment
from tests.api.world import BASE, TOKEN_HEADER, make_clinic, on_the_grid

from .callers import Answer, Call
from .own_servers import Postgres, Valkey, frozen
from .programs import ROOT, eventually
from .web import Web, free_port

pytestmark = [pytest.mark.process, pytest.mark.timeout(180)]

REQUESTS = 160
AT_ONCE = 24  # three times as many as the web has threads
PAGES = (
    "/admin/appointments/",
    "/doctor/",
    "/book/choose/",
    "/",
    f"{BASE}/doctors?shop_uid=shop-1",
)
COOKIES = {"Cookie": f"sessionid={'s' * 32}; booking_session={'b' * 43}"}


class Stage(Web):
    postgres: Postgres
    valkey: Valkey


@contextmanager
def _django_on(url: str) -> Iterator[None]:
    """This process, too, on that PostgreSQL."""
    usual = dict(connection.settings_dict)
    connection.close()
    given = environ.Env.db_url_config(url)
    options = {**usual["OPTIONS"], **given.pop("OPTIONS", {})}
    connection.settings_dict |= {**given, "ENGINE": usual["ENGINE"], "OPTIONS": options}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict |= usual


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Not pytest's, which other sessions close to the account PostgreSQL runs under."""
    with TemporaryDirectory(prefix="rxscale-outage-") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def stage(django_db_blocker: DjangoDbBlocker, folder: Path) -> Generator[Stage]:
    postgres, valkey = Postgres(folder / "postgres"), Valkey(folder / "valkey")
    postgres.start()
    valkey.start()
    with django_db_blocker.unblock(), _django_on(postgres.url):
        environment = {
            "DATABASE_URL": postgres.url,
            "REDIS_URL": valkey.url,
            "RXSCALE_DATA_DIR": str(folder),
            "PORT": str(port := free_port()),
            "RATE_LIMIT": "10000/s",
        }
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=ROOT, env=os.environ | environment, check=True)
        first = on_the_grid(timedelta(hours=24))
        web = Stage(make_clinic(), first, postgres.url, port, environment, folder / "web.log")
        web.postgres, web.valkey = postgres, valkey
        try:
            web.start()
            yield web
        finally:
            web.kill()
            valkey.close()
            postgres.stop()


def get(port: int, path: str) -> tuple[int, str | None, str, float]:
    """Status, Retry-After, body, seconds."""
    began = time.monotonic()
    client = HTTPConnection("127.0.0.1", port, timeout=20)
    client.request("GET", path, headers=COOKIES)
    response = client.getresponse()
    text = response.read().decode()
    client.close()
    return response.status, response.headers["Retry-After"], text, time.monotonic() - began


def assert_everything_says_so(stage: Stage) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        paths = [PAGES[number % len(PAGES)] for number in range(AT_ONCE)]
        answers = list(pool.map(lambda path: get(stage.port, path), paths))
    assert {(status, bool(wait)) for status, wait, _, _ in answers} == {(503, True)}
    assert not any(re.search("Traceback|psycopg", text) for _, _, text, _ in answers)
    slowest = max(seconds for *_, seconds in answers)
    assert slowest < 3.5  # three on a machine that does nothing else


@pytest.mark.parametrize("how", ["frozen", "stopped"])
def test_while_postgresql_is_away_everybody_is_told_within_three_seconds(
    stage: Stage, how: str
) -> None:
    first = 0 if how == "frozen" else 4
    let_one_be_held(stage, f"before-{how}", first)
    with frozen(stage.postgres) if how == "frozen" else stopped(stage.postgres):
        assert_everything_says_so(stage)
        assert_everything_says_so(stage)
        assert stage.hold("meanwhile", 2).send() == Answer(503, "unavailable")
        assert get(stage.port, "/healthz")[0] == 200
        assert get(stage.port, "/readyz")[0] == 503

    let_one_be_held(stage, f"after-{how}", first + 1)


def let_one_be_held(stage: Stage, customer: str, number: int) -> None:
    """Each process of the web finds out for itself, within a second of its last try, that PostgreSQL is back."""
    eventually(lambda: stage.hold(customer, number).send().status == 201, within=10, what="a hold")
    eventually(
        lambda: all(get(stage.port, "/readyz")[0] == 200 for _ in range(8)),
        within=10,
        what="the return of every process",
    )


@contextmanager
def stopped(postgres: Postgres) -> Iterator[None]:
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()
        connection.close()  # this process's own, which was cut off with the others


def test_while_valkey_is_away_booking_takes_no_longer(stage: Stage) -> None:
    with frozen(stage.valkey):
        for number in range(10, 16):
            began = time.monotonic()
            held = stage.hold(f"frozen-{number}", number).send()
            confirmed = confirm(stage, held.uid, f"frozen-{number}")
            assert (held.status, confirmed.status) == (201, 200)
            assert time.monotonic() - began < 2.5


def confirm(stage: Stage, uid: str, customer: str) -> Answer:
    headers = ((TOKEN_HEADER, stage.clinic.token(customer)), ("Content-Type", "application/json"))
    return Call(stage.port, f"{BASE}/appointments/{uid}/confirm", headers, b"{}").send()


def test_a_web_that_is_asked_to_end_answers_what_it_has_begun(stage: Stage) -> None:
    """SIGTERM under load: what was done was answered; what was not answered was not done, and is done later."""
    calls = [stage.hold(f"ending-{number}", 20 + number) for number in range(REQUESTS)]
    before = Appointment.objects.count()
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(call.send) for call in calls]
        for future in islice(as_completed(futures), REQUESTS // 4):
            assert future.result().status == 201
        ended = stage.end()
        answers = [future.result() for future in futures]

    assert ended == 0
    assert {answer.status for answer in answers} == {201, 0}  # it ended in the middle
    done = sum(answer.status == 201 for answer in answers)
    assert Appointment.objects.count() - before == done

    stage.start()
    refused = [call for call, answer in zip(calls, answers, strict=True) if not answer.status]
    assert {call.send().status for call in refused} == {201}
