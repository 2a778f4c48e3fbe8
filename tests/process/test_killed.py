"""kill -9 in the middle of a reminder run and of deliveries, an emptied broker, two beats, two workers.

Every reminder arrives, each with one event: none lost, none twice by `webhook-id`, `Message-ID` and SMS.
"""

import json
import re
import secrets
from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker, Settings

from common.clock import utc_now
from notifications import subscriptions
from notifications.models import Channel, Delivery, DeliveryState, Event, EventType
from reminders.models import AppointmentReminderSent
from tests.doubles import twilio
from tests.doubles.http import Receiver, answer, slowly
from tests.factories import ADMIN, make_doctor, make_patient
from tests.reminders.world import DAY, HOUR, World

from .programs import Fleet, eventually, own_database

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]

VISITS = 40
LATE_VISITS = 10  # come due while everything is being killed
REMINDERS = 2 * (VISITS + LATE_VISITS)  # patient and doctor


@dataclass
class Stage:
    fleet: Fleet
    database_url: str
    partner: Receiver
    sms: Receiver
    mails: Path


@pytest.fixture
def stage(
    django_db_blocker: DjangoDbBlocker, settings: Settings, tmp_path: Path
) -> Generator[Stage]:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True
    with (
        django_db_blocker.unblock(),
        own_database() as url,
        Receiver(then=slowly(answer(204), 0.3)) as partner,
        Receiver(then=slowly(twilio.accepted(), 0.3)) as sms,
    ):
        environment = {
            "DATABASE_URL": url,
            "REDIS_KEY_PREFIX": f"killed-{secrets.token_hex(4)}:",
            "RXSCALE_DATA_DIR": str(tmp_path),
            "MAINTENANCE_INTERVAL_SECONDS": "1",
            "ALLOW_LOOPBACK_WEBHOOKS": "true",
            "TWILIO_ACCOUNT_SID": "AC" + "a" * 32,
            "TWILIO_AUTH_TOKEN": "token",
            "TWILIO_FROM": "+4930123456",
            "TWILIO_API_BASE": f"http://127.0.0.1:{sms.port}",
        }
        fleet = Fleet(environment, tmp_path / "programs.log")
        try:
            yield Stage(fleet, url, partner, sms, tmp_path / "private" / "mails")
        finally:
            fleet.kill_all()
            fleet.flush()


def arrange(partner: Receiver, now: datetime) -> World:
    """Visits that are due, some that will be in a moment, two rules, a partner who listens."""
    world = World()
    world.rule(60, "patient", send_email=True, send_sms=True, now=now - 2 * DAY)
    world.rule(60, "doctor", send_email=True, now=now - 2 * DAY)
    subscriptions.create(
        world.organisation,
        notification_type=EventType.REMINDER_DUE,
        target=partner.url,
        actor=ADMIN,
        now=now,
    )
    for number in range(VISITS + LATE_VISITS):
        wait = timedelta(seconds=max(0, number - VISITS + 1) * 3)
        world.visit(
            now + HOUR + wait,
            confirmed_at=now - DAY,
            doctor=make_doctor(organisation=world.organisation),
            patient=make_patient(shop=world.shop, phone=f"+49151000000{number:02d}"),
        )
    return world


def is_somebody_waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return bool(cursor.fetchone()[0])


def kill_in_the_middle_of_a_reminder_run(stage: Stage, world: World) -> None:
    """A lock on the organisation stops the run where its rows are written and not yet committed."""
    with psycopg.connect(stage.database_url) as obstacle:
        obstacle.execute(
            "SELECT 1 FROM organisations_organisation WHERE id = %s FOR UPDATE",
            [world.organisation.pk],
        )
        stage.fleet.start("worker", 2)
        stage.fleet.start("beat", 2)
        eventually(is_somebody_waiting_for_a_lock, within=40, what="a run that waits")
        stage.fleet.kill("worker")
        stage.fleet.flush()
        obstacle.rollback()


def kill_in_the_middle_of_deliveries(stage: Stage) -> None:
    stage.fleet.start("worker", 2)
    eventually(lambda: len(stage.partner.requests) > 5, within=40, what="the first deliveries")
    stage.fleet.kill_all()
    stage.fleet.flush()


def let_the_leases_of_the_dead_run_out() -> None:
    """All workers are dead, so whatever is leased is theirs: what would take up to 90 seconds."""
    Delivery.objects.filter(state=DeliveryState.PENDING).exclude(leased_until=None).update(
        leased_until=utc_now()
    )


def is_all_settled() -> bool:
    return (
        AppointmentReminderSent.objects.count() == REMINDERS
        and not Delivery.objects.filter(state=DeliveryState.PENDING).exists()
    )


def test_every_reminder_arrives_once_whatever_is_killed(stage: Stage) -> None:
    world = arrange(stage.partner, utc_now())
    kill_in_the_middle_of_a_reminder_run(stage, world)
    kill_in_the_middle_of_deliveries(stage)
    let_the_leases_of_the_dead_run_out()
    stage.fleet.start("worker", 2)
    stage.fleet.start("beat", 2)
    eventually(is_all_settled, within=90, what="the last delivery")

    assert_one_event_per_reminder()
    assert_the_partner_heard_of_every_event(stage.partner)
    assert_every_mail_left(stage.mails)
    assert_no_sms_left_twice(stage.sms)


def test_a_worker_that_is_asked_to_end_leaves_nothing_half_sent(stage: Stage) -> None:
    """SIGTERM in the middle of deliveries: each of them leaves once, by this worker or by the next."""
    arrange(stage.partner, utc_now())
    stage.fleet.start("worker", 1)
    stage.fleet.start("beat", 1)
    eventually(lambda: len(stage.partner.requests) > 5, within=40, what="the first deliveries")
    stage.fleet.end("worker")
    assert not Delivery.objects.filter(state=DeliveryState.UNKNOWN).exists()
    stage.fleet.start("worker", 2)
    eventually(is_all_settled, within=90, what="the last delivery")

    assert_one_event_per_reminder()
    assert not Delivery.objects.filter(attempt_count__gt=1).exists()
    assert len(stage.partner.requests) == Event.objects.count() == REMINDERS
    assert len(stage.sms.requests) == Delivery.objects.filter(channel=Channel.SMS).count()
    assert_every_mail_left(stage.mails)


def assert_one_event_per_reminder() -> None:
    rows = AppointmentReminderSent.objects.all()
    assert {row.outcome for row in rows} == {"fired"}
    assert len({(row.appointment_id, row.rule_id) for row in rows}) == REMINDERS
    assert Event.objects.count() == REMINDERS
    assert {row.uid for row in rows} == set(Event.objects.values_list("subject_uid", flat=True))


def assert_the_partner_heard_of_every_event(partner: Receiver) -> None:
    """At least once each; a repeated one is the same, byte for byte, under the same id."""
    heard: dict[str, set[bytes]] = {}
    for request in partner.requests:
        heard.setdefault(request.headers["webhook-id"], set()).add(request.body)
    assert set(heard) == set(Event.objects.values_list("uid", flat=True))
    assert {len(bodies) for bodies in heard.values()} == {1}
    reminders = Counter(json.loads(body)["data"]["uid"] for (body,) in heard.values())
    assert set(reminders.values()) == {1}


def assert_every_mail_left(mails: Path) -> None:
    text = "\n".join(file.read_text() for file in mails.iterdir())
    left = set(re.findall(r"^Message-ID: (\S+)", text, re.MULTILINE | re.IGNORECASE))
    deliveries = Delivery.objects.filter(channel=Channel.EMAIL)
    assert {delivery.state for delivery in deliveries} == {DeliveryState.SENT}
    assert len(left) == len(deliveries) == REMINDERS


def assert_no_sms_left_twice(sms: Receiver) -> None:
    """At most once: one whose answer was lost with its worker is unknown, and not sent again."""
    called = Counter(twilio.form(request)["StatusCallback"] for request in sms.requests)
    assert set(called.values()) == {1}
    deliveries = Delivery.objects.filter(channel=Channel.SMS)
    assert len(deliveries) == REMINDERS // 2
    states = Counter(delivery.state for delivery in deliveries)
    assert set(states) <= {DeliveryState.SENT, DeliveryState.UNKNOWN}
    assert states[DeliveryState.SENT] <= len(called) <= len(deliveries)
    assert not deliveries.filter(attempt_count__gt=1).exists()
