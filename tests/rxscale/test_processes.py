"""The processes are named once: Procfile and docker-compose.yml run the same commands."""

from pathlib import Path

import yaml
from django.conf import settings
from honcho.environ import parse_procfile

from rxscale import gunicorn

_ROOT = Path(__file__).resolve().parents[2]


def test_docker_compose_runs_the_commands_of_the_procfile() -> None:
    compose = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())
    procfile = parse_procfile((_ROOT / "Procfile").read_text()).processes

    services = compose["services"]
    assert {name: services[name]["command"] for name in procfile} == dict(procfile)
    assert set(services) - set(procfile) == {"postgres", "redis", "migrate"}


def test_every_program_of_ours_in_docker_compose_runs_as_production_on_its_servers() -> None:
    services = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())["services"]

    for name in ("web", "worker", "beat", "migrate"):
        environment = services[name]["environment"]
        assert environment["RXSCALE_ENV"] == "production"
        assert "@postgres/" in environment["DATABASE_URL"]
        assert environment["REDIS_URL"] == "redis://redis/0"


def test_what_is_stopped_has_the_time_to_finish_what_it_is_at() -> None:
    services = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())["services"]

    for name in ("web", "worker"):
        assert services[name]["stop_grace_period"] == "2m"
    assert max(gunicorn.graceful_timeout, settings.CELERY_TASK_TIME_LIMIT) < 120


def test_the_sample_environment_names_what_production_asks_for() -> None:
    lines = (_ROOT / ".env.example").read_text().splitlines()
    names = {line.partition("=")[0] for line in lines if not line.startswith("#")}

    assert {
        "SECRET_KEY",
        "ENCRYPTION_KEYS",
        "ALLOWED_HOSTS",
        "BASE_URL",
        "POSTGRES_PASSWORD",
    } < names
