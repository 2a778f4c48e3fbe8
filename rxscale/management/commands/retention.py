"""`manage.py retention`: forget what is old now, or with --dry-run say what would go."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from common.clock import utc_now
from rxscale import retention


class Command(BaseCommand):
    help = "Forget what is older than the settings allow, as the maintenance pass does once a day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Change nothing, only count.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        now = utc_now()
        counts = retention.would_forget(now) if dry_run else _forget_all(now)
        for name, count in counts.items():
            self.stdout.write(f"{name}: {count}")
        self.stdout.write("Nothing was changed." if dry_run else "Done.")


def _forget_all(now: Any) -> dict[str, int]:
    """Pass after pass, until one is through."""
    total: dict[str, int] = {}
    while True:
        counts = retention.forget(now)
        for name, count in counts.items():
            total[name] = total.get(name, 0) + count
        if retention.is_through(counts):
            return total
