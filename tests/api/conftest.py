"""Every test of the API has a clinic to itself, and no rate limit unless it asks for one."""

from collections.abc import Generator
from copy import deepcopy

import pytest
from django.conf import LazySettings
from pytest_django import DjangoDbBlocker

from tests.standing import standing

from .world import Clinic, make_clinic


@pytest.fixture(autouse=True)
def no_rate_limit(settings: LazySettings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture(scope="module")
def standing_clinic(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Generator[Clinic]:
    yield from standing(django_db_blocker, make_clinic)


@pytest.fixture
def clinic(db: None, standing_clinic: Clinic) -> Clinic:
    return deepcopy(standing_clinic)
