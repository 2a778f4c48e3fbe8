"""One pass of the maintenance manager by hand, as Celery beat would ask for every minute."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.clock import utc_now
from rxscale import maintenance


class Command(BaseCommand):
    help = (
        "Run one maintenance pass and print what it did; a step that failed makes the exit code 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        run = maintenance.run(utc_now())
        if run is None:
            self.stdout.write("Another run is at work; nothing done.")
            return
        for step, count in run.counts.items():
            self.stdout.write(f"{step}: {count}")
        if not run.counts and not run.errors:
            self.stdout.write("Nothing was due.")
        if run.errors:
            failed = ", ".join(f"{step} ({error})" for step, error in run.errors.items())
            raise CommandError(f"Failed: {failed}")
