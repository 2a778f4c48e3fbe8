"""`manage.py backup FOLDER`: a dump and its manifest, of the system as it runs."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from common.clock import utc_now
from rxscale import backups


class Command(BaseCommand):
    help = "Dump the database into a folder, with a manifest that `restore` holds it against."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, folder: Path, **options: Any) -> None:
        try:
            dump = backups.backup(folder, utc_now())
        except backups.BackupFailed as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write(f"{dump}")
