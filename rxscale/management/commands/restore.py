"""`manage.py restore DUMP --into URL`: fill an empty database, then prove that everything is there."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rxscale import backups


class Command(BaseCommand):
    help = (
        "Restore a dump of `backup` into an empty database, then verify it. The database of this"
        " installation (DATABASE_URL) is not touched: point DATABASE_URL to the new one afterwards."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dump", type=Path)
        parser.add_argument("--into", required=True, help="postgres://… of an empty database.")

    def handle(self, *args: Any, dump: Path, into: str, **options: Any) -> None:
        try:
            backups.read_manifest(dump)
            backups.restore(dump, into)
        except backups.BackupFailed as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write("Restored. Verifying …")
        # A process of its own: this one's connections lead to the other database.
        command = [sys.executable, "manage.py", "verify", "--against", str(dump.resolve())]
        environment = {**os.environ, "DATABASE_URL": into}
        environment.pop("DATABASE_URL_FILE", None)  # it would go first
        if subprocess.run(command, cwd=settings.BASE_DIR, env=environment).returncode:  # noqa: S603
            raise CommandError("The restored database is not whole.")
