"""`make check`: no migration holds a long lock, or breaks the code that runs while it is applied.

django-migration-linter reads the SQL of every migration; a warning counts as an error. `python -m
tests.migration_lint` needs a server for that, empty: the embedded one unless DATABASE_URL names another.
"""

import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import django

from rxscale.embedded import running_servers

ROOT = Path(__file__).resolve().parents[1]
OURS = (
    *("rxscale", "api", "reminders", "appointments", "availability"),
    *("booking_secrets", "notifications", "organisations"),
)
# Applied before the first installation had rows, or harmless for a reason the linter cannot see. Nothing is
# added for a migration yet to come: that one builds its indexes concurrently, validates its constraints in
# a second step, and leaves a column in place until no running code reads it.
BASELINE = {
    "0001_initial": "makes the tables it works on",
    "0003_keeping": "released with the first version: its tables are empty",
    "0003_booking_sessions": "as above; the new table is its own",
    "0003_patient_search": "as above",
    "0004_doctor_notices": "as above, and the column has a default in the database",
    "0001_cache_table": "makes the table it works on",
}


def main() -> int:
    with (
        TemporaryDirectory(prefix="rxscale-lint-") as folder,
        running_servers(Path(folder), durable=False) as servers,
    ):
        os.environ.update(servers.environment())
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
        os.environ["LOG_LEVEL"] = "WARNING"
        django.setup()
        return 1 if _has_findings() else 0


def _has_findings() -> bool:
    from django_migration_linter import MigrationLinter  # noqa: PLC0415  # wants Django set up

    linter = MigrationLinter(
        str(ROOT),
        include_apps=OURS,
        ignore_name=list(BASELINE),
        all_warnings_as_errors=True,
        no_cache=True,
        quiet=["ok", "ignore"],
    )
    linter.lint_all_migrations()
    has_errors: bool = linter.has_errors
    if has_errors:
        linter.print_summary()
    return has_errors


if __name__ == "__main__":
    sys.exit(main())
