"""A small clinic of the demo, its doors open."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import Settings

from rxscale.demo.clinic import Clinic
from tests.standing import Stand, World

from .small_clinic import open_doors, settings_of, small_clinic


@pytest.fixture
def doors(settings: Settings, tmp_path: Path) -> Settings:
    open_doors(settings, tmp_path)
    return settings


@pytest.fixture(scope="module")
def stand(stand: Stand, tmp_path_factory: pytest.TempPathFactory) -> Stand:
    """Builds behind open doors."""

    def built(build: Callable[[], World]) -> World:
        with override_settings(**settings_of(tmp_path_factory.mktemp("demo"))):
            return stand(build)

    return built


@pytest.fixture(scope="module")
def standing_northside(stand: Stand) -> Clinic:
    return stand(small_clinic)


@pytest.fixture
def northside(doors: Settings, db: None, standing_northside: Clinic) -> Clinic:
    return deepcopy(standing_northside)
