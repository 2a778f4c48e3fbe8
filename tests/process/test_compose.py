"""Dockerfile and docker-compose.yml without an engine: every command of theirs, in order, as production."""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml
from pytest_django import DjangoDbBlocker

from .programs import ROOT, eventually, own_database

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
# What an operator fills in; addresses of servers are the compose file's own, and ours in this test.
FILLED_IN = {
    "SECRET_KEY": "made-up-for-this-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ENCRYPTION_KEYS": "made-up:bWFkZS11cC1mb3ItbWFrZS1jaGVjay1vbmx5LTEyMzQ=",
    "ALLOWED_HOSTS": "booking.clinic.invalid",
    "BASE_URL": "https://booking.clinic.invalid",
    "EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend",
    "POSTMARK_SERVER_TOKEN": "made-up",
    "JITSI_APP_ID": "made-up",
    "JITSI_APP_SECRET": "made-up",
    "BEHIND_TLS_PROXY": "true",
    "MAINTENANCE_INTERVAL_SECONDS": "1",
}


@dataclass
class House:
    """What the compose file would run, on the session's servers."""

    environment: dict[str, str]
    log: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run(self, command: str, *, timeout: float = 60) -> int:
        with self.log.open("ab") as log:
            return subprocess.run(
                ["/bin/sh", "-c", command],  # as the container's shell would
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                timeout=timeout,
            ).returncode

    def start(self, service: str, **extra: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                shlex.split(SERVICES[service]["command"]),
                cwd=ROOT,
                env=self.environment | extra,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def is_healthy(self, service: str, **extra: str) -> bool:
        kind, *words = SERVICES[service]["healthcheck"]["test"]
        command = words[0].replace("$$", "$") if kind == "CMD-SHELL" else shlex.join(words)
        variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in extra.items())
        return self.run(f"export HOSTNAME=$(hostname) {variables}; {command}") == 0


@pytest.fixture
def house(tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Generator[House]:
    with socket.create_server(("", 0)) as free:
        port = free.getsockname()[1]
    with django_db_blocker.unblock(), own_database(is_migrated=False) as url:
        environment = {
            **os.environ,
            **FILLED_IN,
            **SERVICES["web"]["environment"],
            "DATABASE_URL": url,
            "REDIS_URL": os.environ["REDIS_URL"],
            "REDIS_KEY_PREFIX": f"{os.environ['REDIS_KEY_PREFIX']}compose:",
            "RXSCALE_DATA_DIR": str(tmp_path / "data"),
            "STATIC_ROOT": str(tmp_path / "static"),
            "PORT": str(port),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        house = House(environment, tmp_path / "log")
        yield house
        for process in house.started:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_every_command_does_its_work(house: House) -> None:
    [collect] = re.findall(
        r"python manage.py collectstatic[^\n]*", (ROOT / "Dockerfile").read_text()
    )
    assert house.run(collect) == 0
    assert (Path(house.environment["STATIC_ROOT"]) / "staticfiles.json").exists()
    assert house.run(SERVICES["migrate"]["command"]) == 0
    assert not house.is_healthy("web")

    web, worker, beat = (house.start(name) for name in ("web", "worker", "beat"))

    eventually(lambda: house.is_healthy("web"), within=60, what="the web's health")
    eventually(lambda: house.is_healthy("worker"), within=60, what="the worker's health")
    with psycopg.connect(house.environment["DATABASE_URL"], autocommit=True) as database:
        passes = "SELECT count(*) FROM organisations_maintenancerun WHERE finished_at IS NOT NULL"

        def has_passed() -> bool:
            row = database.execute(passes).fetchone()
            return row is not None and row[0] > 0

        eventually(has_passed, within=60, what="a maintenance pass that beat asked for")

    for process in (beat, worker, web):
        process.terminate()
        assert process.wait(timeout=30) == 0
    assert not house.is_healthy("web")


def test_the_image_is_built_in_stages_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    final = lines[max(n for n, line in enumerate(lines) if line.startswith("FROM ")) :]

    assert sum(line.startswith("FROM ") for line in lines) == 2
    assert "USER rxscale" in final
    assert any(line.startswith("HEALTHCHECK ") for line in final)
    assert not any("pip" in line for line in final)


def test_no_program_but_the_web_is_asked_by_the_images_health_check() -> None:
    """It would fail for ever where no web listens."""
    checks = {name: SERVICES[name]["healthcheck"] for name in ("web", "worker", "beat")}

    assert "rxscale.healthcheck" in str(checks["web"])
    assert "inspect ping" in str(checks["worker"])
    assert checks["beat"] == {"disable": True}


def test_web_and_worker_are_two() -> None:
    assert {name: s["deploy"]["replicas"] for name, s in SERVICES.items() if "deploy" in s} == {
        "web": 2,
        "worker": 2,
    }
