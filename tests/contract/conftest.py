"""The contract's tests run on the world of the API's."""

import pytest
from django.conf import LazySettings

from tests.api.world import Clinic, make_clinic


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture
def clinic(db: None) -> Clinic:
    return make_clinic()
