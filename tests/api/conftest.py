"""Every test of the API has a clinic of its own, and no rate limit unless it asks for one."""

import pytest
from django.conf import LazySettings

from .world import Clinic, make_clinic


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()
