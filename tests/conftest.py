"""Fixtures of more than one room of tests."""

import os
import time
from collections.abc import Iterator

import pytest


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
