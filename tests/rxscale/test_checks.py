"""Unsafe settings are named with what to do, and production does not start with them."""

import os
import subprocess
import sys
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.checks import CheckMessage
from pytest_django import Settings

from rxscale import checks, startup

_ROOT = Path(__file__).resolve().parents[2]
_PRODUCTION = dict(
    line.split("=", 1)
    for line in (_ROOT / ".ci" / "production.env").read_text().splitlines()
    if not line.startswith("#")
)


@pytest.fixture
def production(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings in which production has all it needs."""
    settings.IS_PRODUCTION = True
    settings.ENVIRONMENT = "production"
    settings.SECRET_KEY = _PRODUCTION["SECRET_KEY"]
    settings.ALLOWED_HOSTS = ["booking.clinic.invalid"]
    settings.BASE_URL = "https://booking.clinic.invalid"
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.JITSI_APP_ID = settings.JITSI_APP_SECRET = "made-up"
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.setenv(name, _PRODUCTION[name])
    return settings


def _ids(found: Iterable[CheckMessage]) -> list[str | None]:
    found = list(found)
    assert all(message.hint for message in found), "each check says what to do"
    return [message.id for message in found]


def _all_ids() -> list[str | None]:
    found = [checks.check_settings(), checks.check_production()]
    found += [checks.check_jitsi(), checks.check_email()]
    return [each for messages in found for each in _ids(messages)]


@pytest.mark.usefixtures("production")
def test_a_production_that_has_all_it_needs_is_silent() -> None:
    assert _all_ids() == []


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("ENVIRONMENT", "prod", "rxscale.E001"),
        ("SECRET_KEY", "", "rxscale.E004"),
        ("SECRET_KEY", "short", "rxscale.E004"),
        ("ENCRYPTION_KEYS", [], "rxscale.E005"),
        ("ENCRYPTION_KEYS", ["no-colon"], "rxscale.E005"),
        ("ENCRYPTION_KEYS", ["k1:c2hvcnQ="], "rxscale.E005"),
        ("ALLOWED_HOSTS", [], "rxscale.E006"),
        ("ALLOWED_HOSTS", ["*"], "rxscale.E006"),
        ("BASE_URL", "http://booking.clinic.invalid", "rxscale.E007"),
        ("BASE_URL", "https://booking.clinic.invalid/path", "rxscale.E007"),
        ("ALLOW_LOOPBACK_WEBHOOKS", True, "rxscale.E008"),
        ("DEBUG", True, "rxscale.E009"),
        ("DEMO_DOORS", True, "rxscale.E010"),
        ("RATE_LIMIT", "ten per second", "rxscale.E011"),
        ("FEED_RATE_LIMIT", "now and then", "rxscale.E011"),
        ("TRUSTED_PROXIES", ["10.0.0.0/8", "proxy.example"], "rxscale.E012"),
        ("MAINTENANCE_INTERVAL_SECONDS", 0.0, "rxscale.E013"),
        ("MAINTENANCE_INTERVAL_SECONDS", timedelta(minutes=3).total_seconds(), "rxscale.E013"),
        ("JITSI_APP_SECRET", "", "rxscale.W001"),
        ("EMAIL_BACKEND", "django.core.mail.backends.filebased.EmailBackend", "rxscale.W002"),
    ],
)
def test_one_setting_that_is_wrong_is_the_one_that_is_named(
    production: Settings, name: str, value: object, expected: str
) -> None:
    setattr(production, name, value)

    assert _all_ids() == [expected]


@pytest.mark.parametrize(
    ("name", "expected"), [("DATABASE_URL", "rxscale.E002"), ("REDIS_URL", "rxscale.E003")]
)
@pytest.mark.usefixtures("production")
def test_production_names_its_servers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, expected: str
) -> None:
    monkeypatch.delenv(name)
    assert _all_ids() == [expected]

    secret = tmp_path / name
    secret.write_text(_PRODUCTION[name])
    monkeypatch.setenv(f"{name}_FILE", str(secret))
    assert _all_ids() == []


def test_a_key_ring_that_cannot_be_read_is_an_error_everywhere(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = ["k1:not base64!"]

    found = checks.check_settings()

    assert _ids(found) == ["rxscale.E005"]
    assert "not base64!" not in str(found)


def test_development_starts_with_what_production_refuses(settings: Settings) -> None:
    settings.DEBUG = True

    startup.refuse_unsafe_settings()


def test_production_refuses_to_start_and_says_what_to_do(production: Settings) -> None:
    production.DEBUG = True

    with pytest.raises(SystemExit, match=r"(?s)does not start.*rxscale\.E009.*Unset DEBUG"):
        startup.refuse_unsafe_settings()


@pytest.mark.process
@pytest.mark.parametrize(
    "program",
    [
        "gunicorn --config python:rxscale.gunicorn --bind 127.0.0.1:0 rxscale.wsgi",
        "celery --app rxscale worker",
        "celery --app rxscale beat",
    ],
)
def test_web_worker_and_beat_refuse_alike(program: str) -> None:
    environ = {
        **os.environ,
        **_PRODUCTION,
        "ENCRYPTION_KEYS": "",
        "BASE_URL": "http://plain.invalid",
    }

    result = subprocess.run(
        [sys.executable, "-m", *program.split()],
        cwd=_ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert result.returncode != 0
    assert "RxScale does not start" in result.stderr
    assert "rxscale.E005" in result.stderr
    assert "rxscale.E007" in result.stderr
    assert "Traceback" not in result.stderr
