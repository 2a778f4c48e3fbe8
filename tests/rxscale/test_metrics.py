"""What /metrics says, to whom, at what cost; and that it says nothing of a person."""

import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from appointments import lifecycle
from appointments.errors import Refused
from common.clock import utc_now
from common.retrying import retrying
from notifications.models import Channel, Delivery, DeliveryState
from organisations.models import MaintenanceRun
from reminders.models import AppointmentReminderSent, Outcome
from rxscale import figures, invariants
from rxscale.figures import Figures
from tests.api.world import make_clinic as make_api_clinic
from tests.appointments.clinic import HOUR, make_clinic
from tests.factories import PATIENT
from tests.notifications.world import make_message, publish_message
from tests.reminders.world import World, tick

pytestmark = pytest.mark.django_db

TOKEN = "made-up-for-this-test-only"
ROOT = Path(__file__).resolve().parents[2]


def scrape() -> dict[str, float]:
    """Every sample by name and labels."""
    response = Client().get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {
        sample.name + "".join(f" {key}={value}" for key, value in sorted(sample.labels.items())): (
            sample.value
        )
        for family in families
        for sample in family.samples
    }


@pytest.fixture
def production(settings: Settings) -> Iterator[Settings]:
    settings.IS_PRODUCTION = True
    settings.SECURE_SSL_REDIRECT = True
    return settings


class TestAccess:
    def test_with_a_token_nobody_else_reads_it(self, settings: Settings) -> None:
        settings.METRICS_TOKEN = TOKEN

        for given in ("", TOKEN, f"Bearer {TOKEN}x", "Bearer ", f"Basic {TOKEN}"):
            answer = Client().get("/metrics", headers={"Authorization": given})
            assert (answer.status_code, answer.content) == (401, b"")
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        good = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert good.status_code == 200
        assert "text/plain" in good.headers["Content-Type"]

    def test_without_one_production_has_no_such_page(self, production: Settings) -> None:
        production.METRICS_TOKEN = ""

        assert Client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_a_scraper_inside_is_not_sent_to_https(self, production: Settings) -> None:
        production.METRICS_TOKEN = TOKEN

        answer = Client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

        assert answer.status_code == 200


class TestCounters:
    def test_requests_are_counted_by_the_pattern_of_their_route(self) -> None:
        name = "rxscale_http_requests_total method=GET route=/join/<str:token> status=404"
        before = scrape().get(name, 0)
        Client().get("/join/mtg-secret.token")

        after = scrape()
        assert after[name] == before + 1
        assert after["rxscale_http_request_seconds_count route=/join/<str:token>"] >= 1
        assert not any("mtg-secret" in sample for sample in after)

    def test_a_path_nobody_knows_and_a_method_nobody_knows_make_no_series(self) -> None:
        Client().generic("PAULA", "/paula/patient")

        assert not any("paula" in sample.lower() for sample in scrape())
        assert any("method=other route=none status=404" in sample for sample in scrape())

    def test_a_conflict_is_counted_once_by_its_code(self) -> None:
        clinic = make_clinic()
        held = clinic.hold(
            starts_at=utc_now().replace(minute=0, second=0, microsecond=0) + 6 * HOUR, now=utc_now()
        )
        name = "rxscale_conflicts_total code=hold_expired"
        before = scrape().get(name, 0)
        with pytest.raises(Refused):
            lifecycle.confirm(held, actor=PATIENT, now=utc_now() + HOUR)

        assert scrape()[name] == before + 1

    def test_a_refused_token_and_key_are_counted_by_reason(self) -> None:
        clinic = make_api_clinic()
        token = "rxscale_booking_tokens_refused_total reason=invalid_header/"
        key = "rxscale_api_keys_refused_total"
        before = scrape()
        url = "/v1/scheduling/appointments"
        Client().get(url, headers={"X-RxScale-Booking-Token": "garbage"})
        Client().get(url, headers={"X-API-Key": f"garbage of {clinic.organisation}"})

        after = scrape()
        assert after[token] == before.get(token, 0) + 1
        assert after[key] == before.get(key, 0) + 1


@pytest.mark.django_db(transaction=True)
def test_a_transaction_that_is_run_again_is_counted() -> None:
    name = "rxscale_transaction_retries_total sqlstate=40001"
    before = scrape().get(name, 0)
    failures = iter([True, False])

    def work() -> None:
        if next(failures):
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40001'; END $$")

    retrying(work, sleep=lambda _: None)

    assert scrape()[name] == before + 1


class TestFigures:
    def test_bookings_of_the_last_hour(self) -> None:
        clinic = make_clinic()
        start = utc_now().replace(minute=0, second=0, microsecond=0) + 6 * HOUR
        for hours_ago, later in ((0, 0), (2, 1)):
            now = utc_now() - hours_ago * HOUR
            held = clinic.hold(starts_at=start + later * HOUR, now=now)
            lifecycle.confirm(held, actor=PATIENT, now=now)

        found = scrape()
        assert found["rxscale_appointment_moves_last_hour actor=patient status=confirmed"] == 1
        assert found["rxscale_appointment_moves_last_hour actor=patient status=held"] == 1

    def test_deliveries_by_outcome_and_the_age_of_what_waits(self) -> None:
        organisation = make_clinic().organisation
        now = utc_now()
        messages = [
            publish_message(make_message(organisation, Channel.EMAIL, f"{n}@patients.example"))
            for n in range(3)
        ]
        Delivery.objects.update(created_at=now)
        Delivery.objects.filter(pk=messages[0].pk).update(
            next_attempt_at=now - timedelta(minutes=5), attempt_count=2
        )
        Delivery.objects.filter(pk=messages[1].pk).update(next_attempt_at=now + HOUR)
        Delivery.objects.filter(pk=messages[2].pk).update(
            state=DeliveryState.SENT, next_attempt_at=None, settled_at=now
        )

        found = scrape()
        assert found["rxscale_deliveries_last_hour channel=email state=pending"] == 2
        assert found["rxscale_deliveries_last_hour channel=email state=sent"] == 1
        assert found["rxscale_deliveries_retried_last_hour channel=email state=pending"] == 1
        assert found["rxscale_outbox_waiting"] == 1
        assert 300 <= found["rxscale_outbox_age_seconds"] < 360

    def test_reminders_and_how_late_they_were(self) -> None:
        world, now = World(), utc_now()
        world.rule(60, now=now - 24 * HOUR)
        world.visit(now + HOUR - timedelta(minutes=2), confirmed_at=now - 24 * HOUR)
        tick(now)

        found = scrape()
        assert AppointmentReminderSent.objects.get().outcome == Outcome.FIRED
        assert found["rxscale_reminders_last_hour outcome=fired"] == 1
        assert found["rxscale_reminder_lateness_seconds"] == 120

    def test_the_last_maintenance_pass(self) -> None:
        now = utc_now()
        MaintenanceRun.objects.create(
            started_at=now, finished_at=now + timedelta(seconds=2), errors={"fire_due": "KeyError"}
        )

        found = scrape()
        assert found["rxscale_maintenance_last_seconds"] == 2
        assert found["rxscale_maintenance_last_failed_steps"] == 1
        assert found["rxscale_maintenance_last_finished"] == pytest.approx(now.timestamp() + 2)

    def test_a_broken_invariant_rings(self) -> None:
        clinic = make_clinic()
        start = utc_now().replace(minute=0, second=0, microsecond=0) + 6 * HOUR
        held = clinic.hold(starts_at=start, now=utc_now())
        type(held).objects.update(status="expired")

        found = scrape()
        assert found["rxscale_invariant_violations invariant=history_ends"] == 1
        assert found["rxscale_invariant_violations invariant=no_doctor_twice"] == 0

    def test_without_a_database_the_counters_still_answer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def away(self: Figures) -> Iterator[None]:
            raise OperationalError

        monkeypatch.setattr(Figures, "_read", away)

        found = scrape()
        assert found["rxscale_database_up"] == 0
        assert any(sample.startswith("rxscale_http_requests_total") for sample in found)

    def test_it_costs_a_fixed_number_of_statements_each_over_a_bounded_number_of_rows(self) -> None:
        with CaptureQueriesContext(connection) as queries:
            list(Figures(utc_now()).collect())

        reading = [
            query["sql"]
            for query in queries
            if query["sql"].lstrip().startswith(("SELECT", "WITH", "("))
        ]
        assert len(reading) == 5 + len(invariants.INVARIANTS)
        assert all(re.search(r"LIMIT \d+", sql) for sql in reading)
        assert figures.NEWEST <= 10_000


_TWO_WORKERS = """
import os, sys
from rxscale import shared_counters
shared_counters.share()
from common.counters import CONFLICTS
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
for place in (0, 1, 0):  # the third takes the place of the first, which has ended
    if not (pid := os.fork()):
        shared_counters.take_place(place)
        CONFLICTS.labels("slot_taken").inc()
        os._exit(0)
    os.waitpid(pid, 0)
registry = CollectorRegistry()
MultiProcessCollector(registry, str(shared_counters.folder()))
print(generate_latest(registry).decode(), len(os.listdir(shared_counters.folder())))
shared_counters.forget()
print(shared_counters.folder().exists())
"""


def test_workers_count_together_and_a_newcomer_goes_on_with_the_file_before_it() -> None:
    said = subprocess.run(
        [sys.executable, "-c", _TWO_WORKERS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert 'rxscale_conflicts_total{code="slot_taken"} 3.0' in said
    files, is_left = said.split()[-2:]
    assert int(files) <= 3  # the two workers' and the main process's
    assert is_left == "False"
