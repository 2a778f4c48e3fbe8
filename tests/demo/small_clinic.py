"""The demo as `manage.py demo` sets it up, with a handful of patients."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from pytest_django import Settings

from common.clock import utc_now
from rxscale.demo.clinic import NORTHSIDE, Clinic, stand_up


def open_doors(settings: Settings, data_dir: Path) -> None:
    settings.ROOT_URLCONF = "tests.demo.urls"
    settings.DEMO_DOORS = settings.ALLOW_LOOPBACK_WEBHOOKS = True
    settings.DATA_DIR = data_dir
    settings.EMAIL_FILE_PATH = str(data_dir / "private" / "mails")
    settings.EMAIL_BACKEND = "rxscale.demo.mail_files.EmailBackend"


def small_clinic(*, now: datetime | None = None) -> Clinic:
    now = now or utc_now()
    return stand_up(replace(NORTHSIDE, patient_count=12), since=now - timedelta(days=14), now=now)
