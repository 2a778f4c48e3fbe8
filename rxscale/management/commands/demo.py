"""The whole system on one machine: servers, migrations, clinics, then web, worker and beat until Ctrl-C."""

import os
import secrets
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from rxscale import embedded
from rxscale.demo.handover import DEMO_FILE
from rxscale.demo.supervisor import run_procfile

# Weeks are lived through: what the engine logs of them would bury what to open, and a made-up past
# need not survive a power cut.
_IN_A_HURRY = {"LOG_LEVEL": "WARNING", "PGOPTIONS": "-c synchronous_commit=off"}


class Command(BaseCommand):
    help = "Run the whole system with a believable clinic in it, and say what to open."
    requires_system_checks = []  # the servers are not up yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--reset", action="store_true", help="Begin anew: remove the demo's data first."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.IS_PRODUCTION:
            raise CommandError("The demo does not run with RXSCALE_ENV=production.")
        try:
            with embedded.alone_in(settings.DATA_DIR, "demo"):
                code = self._run(settings.DATA_DIR, is_reset=options["reset"])
        except embedded.EmbeddedRefused as refused:
            hint = "End it first, or set RXSCALE_DATA_DIR and PORT for one beside it."
            raise CommandError(f"{refused} {hint}") from None
        sys.exit(code)

    def _run(self, data_dir: Path, *, is_reset: bool) -> int:
        with embedded.running_servers(data_dir) as servers:
            environment = _environment(data_dir, servers)
            _manage("migrate", "--verbosity", "0", environment=environment)
            if is_reset:
                _manage("flush", "--no-input", environment=environment)
                _forget(data_dir)
            _manage("demo_clinic", environment={**environment, **_IN_A_HURRY})
            return run_procfile(settings.BASE_DIR / "Procfile", environment)


def _environment(data_dir: Path, servers: embedded.Servers) -> dict[str, str]:
    port = os.environ.get("PORT", "8000")
    return {
        **os.environ,
        "RXSCALE_ENV": "demo",
        "RXSCALE_DATA_DIR": str(data_dir),
        "DATABASE_URL": servers.database_url,
        "REDIS_URL": servers.redis_url,
        "PORT": port,
        "BASE_URL": os.environ.get("BASE_URL", f"http://127.0.0.1:{port}"),
        "ALLOW_LOOPBACK_WEBHOOKS": "true",
        "DEMO_DOORS": "true",
        "EMAIL_BACKEND": os.environ.get("EMAIL_BACKEND", "rxscale.demo.mail_files.EmailBackend"),
        "SECRET_KEY": _kept_secret(data_dir, "secret_key", lambda: secrets.token_urlsafe(50)),
        "ENCRYPTION_KEYS": _kept_secret(
            data_dir,
            "encryption_keys",
            lambda: "demo:" + b64encode(secrets.token_bytes(32)).decode(),
        ),
        "PYTHONUNBUFFERED": "1",
        # The Procfile says `gunicorn` and `celery`: those of this environment.
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _forget(data_dir: Path) -> None:
    """What the demo has written beside its database. The keys stay: the servers' data was made with them."""
    private = data_dir / "private"
    for file in (data_dir / DEMO_FILE, private / "shop.json"):
        file.unlink(missing_ok=True)
    for folder in (Path(settings.EMAIL_FILE_PATH), private / "sms", private / "shop"):
        shutil.rmtree(folder, ignore_errors=True)


def _kept_secret(data_dir: Path, name: str, make: Callable[[], str]) -> str:
    """A secret of this data folder: made once, kept beside the mails where only the owner reads."""
    path = embedded.private_folder(data_dir) / name
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(make())
    return path.read_text()


def _manage(*arguments: str, environment: dict[str, str]) -> None:
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]
    try:
        subprocess.run(command, env=environment, check=True)  # noqa: S603  # our own manage.py
    except subprocess.CalledProcessError as error:
        raise CommandError(f"manage.py {arguments[0]} failed; its message stands above.") from error
