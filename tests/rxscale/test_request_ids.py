"""A request has one id: in its answer, in the log lines below it, and in the tasks it wakes."""

import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import structlog
from celery import current_app
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.http import HttpRequest, HttpResponse
from django.test import Client
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from rxscale import logs
from rxscale.request_ids import HEADER, META_KEY, RequestIdMiddleware

GIVEN = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    clear_contextvars()
    yield
    clear_contextvars()


def id_in_answer(given: str) -> str:
    response = Client().get("/healthz", headers={HEADER: given} if given else {})
    return response.headers[HEADER]


def test_a_callers_id_is_taken_over() -> None:
    assert id_in_answer(GIVEN) == GIVEN


@pytest.mark.parametrize(
    "given",
    [
        "",
        "Paula-Patient-1980",
        "paula@patients.example",
        "+4915112345678",
        "4915112345678901",
        "short-1",
        "a" * 65,
        f"{GIVEN}\n",
    ],
)
def test_what_is_no_id_is_replaced_by_one(given: str) -> None:
    made = id_in_answer(given)

    assert made != given
    assert len(made) == 32


def test_each_request_has_its_own() -> None:
    assert id_in_answer("") != id_in_answer("")


def test_it_is_in_every_log_line_below_and_in_none_after(caplog: pytest.LogCaptureFixture) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        structlog.get_logger("a.view").warning("seen")
        assert request.META[META_KEY] == GIVEN
        return HttpResponse()

    request = HttpRequest()
    request.META[f"HTTP_{HEADER.upper().replace('-', '_')}"] = GIVEN
    bind_contextvars(left_over="of the request before")
    RequestIdMiddleware(view)(request)

    (record,) = [record for record in caplog.records if record.name == "a.view"]
    line = json.loads(logs.formatter(is_json=True).format(record))
    assert line["request_id"] == GIVEN
    assert "left_over" not in line
    assert get_contextvars() == {}


def test_the_standard_librarys_loggers_have_it_too() -> None:
    bind_contextvars(request_id=GIVEN)
    record = logging.LogRecord("django.request", logging.ERROR, "", 1, "broken", (), None)

    assert json.loads(logs.formatter(is_json=True).format(record))["request_id"] == GIVEN


def test_a_task_that_a_request_wakes_carries_it() -> None:
    headers: dict[str, object] = {}
    bind_contextvars(request_id=GIVEN)
    before_task_publish.send(sender="notifications.deliver", headers=headers)

    assert headers == {"request_id": GIVEN}


def test_a_task_logs_under_the_id_it_came_with_and_under_its_own_when_nobody_asked() -> None:
    task = SimpleNamespace(name="notifications.deliver", request=SimpleNamespace(request_id=GIVEN))
    task_prerun.send(sender=None, task_id="task-1", task=task)
    assert get_contextvars() == {"request_id": GIVEN, "task": "notifications.deliver"}
    task_postrun.send(sender=None, task_id="task-1", task=task)
    assert get_contextvars() == {}

    task = SimpleNamespace(name="maintenance.run", request=SimpleNamespace())
    task_prerun.send(sender=None, task_id="task-2", task=task)
    assert get_contextvars() == {"request_id": "task-2", "task": "maintenance.run"}


def test_celery_hands_a_header_to_the_task_that_runs() -> None:
    seen: list[dict[str, object]] = []

    @current_app.task(name="tests.seen", shared=False)
    def look() -> None:
        seen.append(get_contextvars())

    look.apply(headers={"request_id": GIVEN})

    assert seen == [{"request_id": GIVEN, "task": "tests.seen"}]
