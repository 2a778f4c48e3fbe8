"""Fixtures of more than one room of tests."""

import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from pytest_django import DjangoDbBlocker

from rxscale import logs

from . import fuzzing  # noqa: F401  # registers its profile before the options are read
from .standing import Stand, World, standing

# How the patients of `factories` and of the doubles' callers are called, written to and rung up.
PATIENT_WORDS = ("paula", "patients.example", "15187654321")


@pytest.fixture(params=["UTC", "Australia/Sydney", "America/Los_Angeles"])
def process_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    """The process believes to be elsewhere; no result may depend on it."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


class PatientsInTheLog(logging.Handler):
    """Reads every line of the session as production would write it, and keeps those that name a patient."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(logs.formatter(is_json=True))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.name == "mail.log":  # the tests' own mail server, at the far end
            return
        line = self.format(record)
        if any(word in line.lower() for word in PATIENT_WORDS):
            self.lines.append(line)

    @contextmanager
    def reading(self) -> Iterator[None]:
        self.lines.clear()
        logging.getLogger().addHandler(self)  # anew: a test may configure logging
        yield
        assert self.lines == []


@pytest.fixture(scope="session")
def patients_in_the_log() -> Iterator[PatientsInTheLog]:
    handler = PatientsInTheLog()
    yield handler
    logging.getLogger().removeHandler(handler)


@pytest.fixture(autouse=True)
def _no_patient_is_named_in_the_log(patients_in_the_log: PatientsInTheLog) -> Iterator[None]:
    """The whole suite is the canary test: whatever a test does with a patient, no line names one."""
    with patients_in_the_log.reading():
        yield


@pytest.fixture(scope="module")
def stand(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, patients_in_the_log: PatientsInTheLog
) -> Iterator[Stand]:
    """For the module's own fixtures: what they build stands until its end."""
    with ExitStack() as standing_worlds:

        def built(build: Callable[[], World]) -> World:
            with patients_in_the_log.reading():
                return standing_worlds.enter_context(standing(django_db_blocker, build))

        yield built
