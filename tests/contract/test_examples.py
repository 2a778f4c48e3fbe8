"""The examples a partner starts from run unmodified against a server, over real HTTP."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from appointments.models import Appointment
from tests.api.world import Clinic, make_clinic

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@pytest.fixture
def clinic(transactional_db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def facts(clinic: Clinic, live_server: LiveServer, tmp_path: Path) -> Path:
    """demo.json, as far as the examples read it."""
    path = tmp_path / "demo.json"
    content = {
        "base_url": live_server.url,
        "shop_uid": clinic.shop.uid,
        "shop_identifier": clinic.shop.identifier,
        "appointment_type_uid": clinic.kind.uid,
        "booking_secret": {"key_id": clinic.secret.key_id, "secret": clinic.secret_text},
    }
    path.write_text(json.dumps(content))
    return path


def run(name: str, facts: Path, *options: str) -> Any:
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name), "--facts", str(facts), *options],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_client_books_moves_and_cancels(facts: Path) -> None:
    done = run("partner_client.py", facts, "--rebook", "--cancel")

    assert done.returncode == 0, done.stdout + done.stderr
    steps = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert steps == ["token", "slots", "hold", "confirm", "rebook", "cancel", "list"]
    first, second = Appointment.objects.order_by("id")
    assert (first.status, second.status) == ("cancelled", "cancelled")
    assert second.previous == first
    assert second.cancellation_reason == "Feeling better"
    assert second.client_reference == "order-1001"
    assert second.patient.first_name == "Robin"


def test_the_client_leaves_the_visit_booked_unless_told_otherwise(facts: Path) -> None:
    done = run("partner_client.py", facts)

    assert done.returncode == 0, done.stdout + done.stderr
    assert [row.status for row in Appointment.objects.all()] == ["confirmed"]


def test_the_client_takes_the_slot_that_is_reminded_soonest(facts: Path) -> None:
    done = run("partner_client.py", facts, "--soon")

    assert done.returncode == 0, done.stderr
    assert "reminder   due" in done.stdout


def test_one_of_many_patients_gets_the_slot(facts: Path) -> None:
    done = run("race.py", facts, "--patients", "16")

    assert "1 × 201, 15 × 409" in done.stdout, done.stdout + done.stderr
    assert "1 × held, 15 × slot_taken" in done.stdout
    assert done.returncode == 0
    assert Appointment.objects.count() == 1


def test_the_race_fails_when_nobody_wins(facts: Path, clinic: Clinic) -> None:
    clinic.shop.is_active = False
    clinic.shop.save()

    assert run("race.py", facts, "--patients", "2").returncode != 0
