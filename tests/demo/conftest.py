"""A small clinic of the demo, its doors open."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from common.clock import utc_now
from rxscale.demo.clinic import NORTHSIDE, Clinic, stand_up


@pytest.fixture
def doors(settings: Settings, tmp_path: Path) -> Settings:
    """The settings `manage.py demo` makes, with a data folder of the test's own."""
    settings.ROOT_URLCONF = "tests.demo.urls"
    settings.DEMO_DOORS = settings.ALLOW_LOOPBACK_WEBHOOKS = True
    settings.DATA_DIR = tmp_path
    settings.EMAIL_FILE_PATH = str(tmp_path / "private" / "mails")
    return settings


@pytest.fixture
def northside(doors: Settings, db: None) -> Clinic:
    plan = replace(NORTHSIDE, patient_count=12)
    now = utc_now()
    return stand_up(plan, since=now - timedelta(days=14), now=now)
