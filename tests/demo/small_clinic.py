"""The demo as `manage.py demo` sets it up, with a handful of patients."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pytest_django import Settings

from common.clock import utc_now
from rxscale.demo.clinic import NORTHSIDE, Clinic, stand_up


def open_doors(settings: Settings, data_dir: Path) -> None:
    for name, value in settings_of(data_dir).items():
        setattr(settings, name, value)


def settings_of(data_dir: Path) -> dict[str, Any]:
    return {
        "ROOT_URLCONF": "tests.demo.urls",
        "DEMO_DOORS": True,
        "ALLOW_LOOPBACK_WEBHOOKS": True,
        "DATA_DIR": data_dir,
        "EMAIL_FILE_PATH": str(data_dir / "private" / "mails"),
        "EMAIL_BACKEND": "rxscale.demo.mail_files.EmailBackend",
    }


def small_clinic(*, now: datetime | None = None) -> Clinic:
    now = now or utc_now()
    return stand_up(replace(NORTHSIDE, patient_count=12), since=now - timedelta(days=14), now=now)
