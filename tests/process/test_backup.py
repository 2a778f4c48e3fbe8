"""A backup is restored into a fresh server, and is worth something: every row, every rule, every secret."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import psycopg
import pytest
from pytest_django import DjangoDbBlocker

from appointments import lifecycle
from appointments.models import Appointment
from booking_secrets import secrets
from rxscale.server_programs import postgresql
from tests.appointments.clinic import HOUR, START, make_clinic
from tests.factories import ADMIN, NOW, PATIENT

from .programs import ROOT, own_database

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

OTHER_KEYS = "other:" + base64.b64encode(b"o" * 32).decode()


@pytest.fixture
def lived_in(django_db_blocker: DjangoDbBlocker) -> Generator[str]:
    """The URL of a database with a clinic that has booked, moved, and made a booking secret."""
    with django_db_blocker.unblock(), own_database() as url:
        clinic = make_clinic()
        visit = lifecycle.confirm(clinic.hold(), actor=PATIENT, now=NOW)
        lifecycle.rebook(visit, starts_at=START + HOUR, actor=PATIENT, now=NOW)
        secrets.create(clinic.organisation, name="Minter", actor=ADMIN, now=NOW)
        yield url


def manage(url: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_backup_is_restored_into_a_fresh_server_and_verified(
    lived_in: str, tmp_path: Path
) -> None:
    made = manage(lived_in, "backup", str(tmp_path / "backups"))
    assert (made.returncode, made.stderr) == (0, "")
    dump = Path(made.stdout.strip())
    assert dump.stat().st_mode & 0o077 == 0
    assert dump.parent.stat().st_mode & 0o077 == 0
    with postgresql(tmp_path / "fresh", durable=False) as fresh:
        assert_it_is_restored(lived_in, dump, fresh)
        assert_nothing_is_restored_over(lived_in, dump, fresh)
        assert_what_is_missing_is_named(fresh, dump)


def assert_it_is_restored(url: str, dump: Path, fresh: str) -> None:
    restored = manage(url, "restore", str(dump), "--into", fresh)

    assert (restored.returncode, restored.stderr) == (0, "")
    assert restored.stdout.splitlines()[-1] == "The database is whole."
    with psycopg.connect(fresh) as database:
        rows = database.execute("SELECT status FROM appointments_appointment ORDER BY id")
        assert [status for (status,) in rows] == ["cancelled", "confirmed"]
    manifest = json.loads(dump.with_suffix(".json").read_text())
    assert manifest["rows"]["appointments_appointment"] == Appointment.objects.count() == 2


def assert_nothing_is_restored_over(url: str, dump: Path, fresh: str) -> None:
    again = manage(url, "restore", str(dump), "--into", fresh)

    assert again.returncode == 1
    assert "has tables already" in again.stderr


def assert_what_is_missing_is_named(fresh: str, dump: Path) -> None:
    """Another key ring, a row less, a rule less, a status nobody made."""
    with psycopg.connect(fresh) as database:
        database.execute("DROP TRIGGER audit_is_append_only ON organisations_auditentry")
        database.execute("DROP INDEX appointment_busy")
        database.execute(
            "DELETE FROM notifications_event WHERE id = (SELECT max(id) FROM notifications_event)"
        )
        database.execute(
            "UPDATE appointments_appointment SET status = 'no_show' WHERE status = 'confirmed'"
        )

    verified = manage(fresh, "verify", "--against", str(dump), ENCRYPTION_KEYS=OTHER_KEYS)

    assert verified.returncode == 1
    for words in (
        "A visit's history ends with its status.",
        "index appointment_busy is missing",
        "booking_secrets_bookingsecret.ciphertext cannot be decrypted",
        "notifications_event has",
        "The rule audit_is_append_only was in force",
        "The canary cannot be decrypted",
    ):
        assert words in verified.stderr
