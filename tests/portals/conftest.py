from collections.abc import Callable

import pytest
from django.test import override_settings
from pytest_django import Settings

from tests.standing import Stand, World

from .team import Staff


@pytest.fixture(autouse=True)
def no_rate_limit(settings: Settings) -> None:
    """All of these tests call from one address."""
    settings.RATE_LIMIT = "off"


@pytest.fixture(scope="module")
def stand(stand: Stand) -> Stand:
    """Builds without a rate limit, too."""

    def built(build: Callable[[], World]) -> World:
        with override_settings(RATE_LIMIT="off"):
            return stand(build)

    return built


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff()
