"""A small clinic of the demo, its doors open."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from django.test import override_settings
from pytest_django import DjangoDbBlocker, Settings

from rxscale.demo.clinic import Clinic
from tests.standing import standing

from .small_clinic import open_doors, settings_of, small_clinic

Stand = Callable[[Callable[[], Clinic]], Generator[Clinic]]


@pytest.fixture
def doors(settings: Settings, tmp_path: Path) -> Settings:
    open_doors(settings, tmp_path)
    return settings


@pytest.fixture
def northside(doors: Settings, db: None) -> Clinic:
    return small_clinic()


@pytest.fixture(scope="module")
def stand(
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Stand:
    """For a module that only reads its clinic, or takes back what it writes: builds it once, doors open."""

    def built(build: Callable[[], Clinic]) -> Generator[Clinic]:
        def behind_open_doors() -> Clinic:
            with override_settings(**settings_of(tmp_path_factory.mktemp("demo"))):
                return build()

        yield from standing(django_db_blocker, behind_open_doors)

    return built
