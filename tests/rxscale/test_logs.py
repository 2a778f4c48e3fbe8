"""No link token and no row's content reaches a log line, whoever logs it."""

import json
import logging
from datetime import timedelta
from types import SimpleNamespace

import pytest
import structlog
from gunicorn.config import Config

from rxscale import logs
from rxscale.gunicorn import HouseLogger
from rxscale.request_ids import META_KEY
from tests.conftest import PatientsInTheLog

_TOKEN = "mtg-abc.Zm9vYmFy"


def _record(
    message: str, *arguments: object, error: BaseException | None = None
) -> logging.LogRecord:
    exc_info = (type(error), error, None) if error else None
    return logging.LogRecord("django.request", logging.ERROR, "", 1, message, arguments, exc_info)


@pytest.mark.parametrize("is_json", [True, False])
class TestTheFormatter:
    @pytest.mark.parametrize(
        "kind", ["join", "visit", "calendar", "invitation", "password/reset/key"]
    )
    def test_masks_the_token_of_a_link(self, is_json: bool, kind: str) -> None:
        line = logs.formatter(is_json=is_json).format(
            _record("Not Found: %s", f"/{kind}/{_TOKEN}/calendar.ics")
        )

        assert _TOKEN not in line
        assert f"/{kind}/…/calendar.ics" in line

    def test_leaves_out_the_values_postgresql_repeats(self, is_json: bool) -> None:
        error = ValueError(
            'duplicate key value violates "x"\nDETAIL:  Key (email)=(paula@patients.example) exists.'
        )

        line = logs.formatter(is_json=is_json).format(_record("Internal Server Error", error=error))

        assert "duplicate key value violates" in line
        assert "paula@patients.example" not in line


def test_production_writes_one_json_object_a_line() -> None:
    line = logs.formatter(is_json=True).format(_record("two\nlines"))

    assert "\n" not in line
    assert json.loads(line)["event"] == "two\nlines"
    assert {"level", "logger", "timestamp"} < set(json.loads(line))


class _Logger(HouseLogger):
    def setup(self, cfg: Config) -> None:
        """Leave the handlers of this test session alone."""


def test_the_access_log_has_the_path_without_query_and_token(
    caplog: pytest.LogCaptureFixture,
) -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": f"/join/{_TOKEN}",
        "QUERY_STRING": "booking_launch_code=secret",
        "HTTP_AUTHORIZATION": "secret",
        META_KEY: "0123-abcd",
    }
    with caplog.at_level(logging.INFO):
        _Logger(Config()).access(
            SimpleNamespace(status="200 OK"), None, environ, timedelta(milliseconds=12)
        )
    (record,) = [record for record in caplog.records if record.name == "rxscale.access"]

    line = logs.formatter(is_json=True).format(record)

    assert json.loads(line)["path"] == "/join/…"
    assert json.loads(line)["status"] == 200
    assert json.loads(line)["milliseconds"] == 12.0
    assert json.loads(line)["request_id"] == "0123-abcd"
    assert _TOKEN not in line
    assert "secret" not in line


def test_the_suites_own_listener_hears_a_patients_name(
    patients_in_the_log: PatientsInTheLog,
) -> None:
    structlog.get_logger("rxscale").warning("mail to paula@patients.example failed")
    logging.getLogger("rxscale").info("nobody in particular")

    assert len(patients_in_the_log.lines) == 1
    patients_in_the_log.lines.clear()
