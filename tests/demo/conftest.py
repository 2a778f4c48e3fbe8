"""A small clinic of the demo, its doors open."""

from pathlib import Path

import pytest
from pytest_django import Settings

from rxscale.demo.clinic import Clinic

from .small_clinic import open_doors, small_clinic


@pytest.fixture
def doors(settings: Settings, tmp_path: Path) -> Settings:
    open_doors(settings, tmp_path)
    return settings


@pytest.fixture
def northside(doors: Settings, db: None) -> Clinic:
    return small_clinic()
