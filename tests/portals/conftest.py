import pytest
from pytest_django import Settings

from .team import Staff


@pytest.fixture(autouse=True)
def no_rate_limit(settings: Settings) -> None:
    """All of these tests call from one address."""
    settings.RATE_LIMIT = "off"


@pytest.fixture
def staff(db: None) -> Staff:
    return Staff()
