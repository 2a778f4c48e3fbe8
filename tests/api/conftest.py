"""Every test of the API has a clinic to itself, and no rate limit unless it asks for one."""

from copy import deepcopy

import pytest
from django.conf import LazySettings

from tests.standing import Stand

from .world import Clinic, make_clinic


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture(scope="module")
def standing_clinic(stand: Stand) -> Clinic:
    return stand(make_clinic)


@pytest.fixture
def clinic(db: None, standing_clinic: Clinic) -> Clinic:
    return deepcopy(standing_clinic)
