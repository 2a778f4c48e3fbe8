"""Partners race over HTTP: the web as it runs in production, clients that are processes of their own.

One of sixteen gets the time, the rest hear that it is taken, and PostgreSQL sees no deadlock. What was
answered with 201 is there after a kill -9 of the web.
"""

import secrets
import time
from collections import Counter
from collections.abc import Generator
from concurrent.futures import as_completed
from datetime import timedelta
from itertools import islice

import jwt
import pytest
from pytest_django import DjangoDbBlocker

from appointments.models import Appointment
from appointments.status import Status
from tests.api.world import BASE, TOKEN_HEADER, make_clinic, on_the_grid

from .callers import Answer, Call, callers, send_together
from .programs import own_database
from .web import HALF_HOUR, Web, free_port

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

CLIENTS = 16
ROUNDS, ENOUGH_SECONDS, ENOUGH_ROUNDS = 150, 30.0, 15  # a slow machine plays fewer
TURNS, PER_TURN = 2, 90  # kills of the web, and holds asked for around each


@pytest.fixture(scope="module")
def stage(
    django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Web]:
    with django_db_blocker.unblock(), own_database() as url:
        port, folder = free_port(), tmp_path_factory.mktemp("race")
        environment = {
            "DATABASE_URL": url,
            "REDIS_KEY_PREFIX": f"race-{secrets.token_hex(4)}:",
            "RXSCALE_DATA_DIR": str(folder),
            "PORT": str(port),
            "WEB_CONCURRENCY": "3",
            "RATE_LIMIT": "off",
        }
        first = on_the_grid(timedelta(hours=24))
        stage = Web(make_clinic(), first, url, port, environment, folder / "web.log")
        try:
            stage.start()
            yield stage
        finally:
            stage.kill()


def test_one_of_sixteen_processes_gets_the_time_round_after_round(stage: Web) -> None:
    begun, rounds = time.monotonic(), 0
    with callers(CLIENTS) as pool:
        while rounds < ENOUGH_ROUNDS or (
            rounds < ROUNDS and time.monotonic() - begun < ENOUGH_SECONDS
        ):
            calls = [stage.hold(f"{rounds}-{number}", rounds) for number in range(CLIENTS)]
            answers = Counter((each.status, each.code) for each in pool.map(send_together, calls))
            assert answers == {(201, ""): 1, (409, "slot_taken"): CLIENTS - 1}, f"round {rounds}"
            rounds += 1

    raced_for = Appointment.objects.filter(starts_at__lt=stage.first + ROUNDS * HALF_HOUR)
    assert list(raced_for.values_list("status", flat=True)) == [Status.HELD] * rounds
    assert stage.deadlocks() == 0


def test_what_was_acknowledged_survives_a_kill_of_the_web(stage: Web) -> None:
    answers: list[Answer] = []
    with callers(CLIENTS) as pool:
        for turn in range(TURNS):
            numbers = [ROUNDS + turn * PER_TURN + n for n in range(PER_TURN)]
            calls = [stage.hold(f"killed-{number}", number) for number in numbers]
            futures = [pool.submit(call.send) for call in calls]
            for future in islice(as_completed(futures), PER_TURN // 3):
                assert future.result().status == 201
            stage.kill()
            answers += [future.result() for future in futures]
            stage.start()

    assert {answer.status for answer in answers} == {0, 201}  # it was killed in the middle
    acknowledged = {answer.uid for answer in answers if answer.status == 201}
    held = set(Appointment.objects.filter(status=Status.HELD).values_list("uid", flat=True))
    assert acknowledged <= held
    assert stage.deadlocks() == 0


def test_a_token_far_too_long_is_refused_by_us_and_not_by_the_server(stage: Web) -> None:
    token = jwt.encode({}, "s" * 43, algorithm="HS256", headers={"kid": "k" * 9000})
    headers = ((TOKEN_HEADER, token),)

    answer = Call(stage.port, f"{BASE}/appointments", headers, b"").send()

    assert (answer.status, answer.code) == (401, "invalid_header")
