"""`manage.py verify`: whether the database is whole; exit code 1 and the reasons when it is not."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rxscale import backups, verification


class Command(BaseCommand):
    help = (
        "Ask every invariant of every row, look for missing constraints, decrypt every secret."
        " Reads a lot, locks nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--against", type=Path, help="A dump whose manifest must be met, too.")

    def handle(self, *args: Any, against: Path | None, **options: Any) -> None:
        try:
            manifest = backups.read_manifest(against) if against else None
        except backups.BackupFailed as failure:
            raise CommandError(str(failure)) from failure
        found = list(verification.problems(manifest))
        for problem in found:
            self.stderr.write(problem)
        if found:
            raise CommandError(f"{len(found)} problems.")
        self.stdout.write("The database is whole.")
