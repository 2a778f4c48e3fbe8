"""What is forgotten, when, and that the rest stays."""

from datetime import datetime

import pytest
from django.contrib.sessions.models import Session
from pytest_django import Settings

from api.models import IdempotencyKey
from appointments.models import AppointmentTransition
from booking_secrets import secrets
from booking_secrets.models import BookingLaunchCode
from notifications.models import Delivery, DeliveryAttempt, Event
from organisations.models import AuditEntry, Invitation, MaintenanceRun, Role
from reminders.models import AppointmentReminderSent
from rxscale import retention
from rxscale.maintenance import run
from tests.factories import ADMIN, NOW, make_organisation
from tests.reminders.world import DAY, HOUR, MINUTE, World, tick

pytestmark = pytest.mark.django_db


def make_key(world: World, key: str, created_at: datetime) -> None:
    IdempotencyKey.objects.create(
        organisation=world.organisation,
        caller="key-1",
        key=key,
        method="POST",
        path="/v1/scheduling/appointments",
        body_digest="0" * 64,
        created_at=created_at,
    )


def make_launch_code(world: World, digest: str, expires_at: datetime) -> None:
    secret, _ = secrets.create(world.organisation, name=digest, actor=ADMIN, now=NOW)
    BookingLaunchCode.objects.create(
        organisation=world.organisation,
        shop=world.shop,
        patient=world.patient,
        secret=secret,
        digest=digest,
        created_at=expires_at - 10 * MINUTE,
        expires_at=expires_at,
    )


def test_idempotency_keys_are_kept_for_a_day() -> None:
    world = World()
    make_key(world, "old", NOW - DAY - MINUTE)
    make_key(world, "young", NOW - DAY)
    assert retention.forget(NOW) == {"idempotency_keys": 1}
    assert IdempotencyKey.objects.get().key == "young"


def test_launch_codes_go_a_day_after_they_expired() -> None:
    world = World()
    make_launch_code(world, "old", NOW - DAY - MINUTE)
    make_launch_code(world, "young", NOW - HOUR)
    assert retention.forget(NOW) == {"launch_codes": 1}
    assert BookingLaunchCode.objects.get().digest == "young"


def test_sessions_go_when_they_have_expired() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=NOW - MINUTE)
    Session.objects.create(session_key="young", session_data="", expire_date=NOW + MINUTE)
    assert retention.forget(NOW) == {"sessions": 1}
    assert Session.objects.get().session_key == "young"


def test_maintenance_runs_are_kept_for_30_days() -> None:
    for days in (29, 31):
        MaintenanceRun.objects.create(started_at=NOW - days * DAY)
    assert retention.forget(NOW) == {"maintenance_runs": 1}
    assert MaintenanceRun.objects.get().started_at == NOW - 29 * DAY


def test_settled_invitations_go_after_30_days_and_open_ones_stay() -> None:
    organisation = make_organisation()
    for name, changes in {
        "accepted": {"accepted_at": NOW - 31 * DAY},
        "withdrawn": {"withdrawn_at": NOW - 31 * DAY},
        "just-accepted": {"accepted_at": NOW - 29 * DAY},
        "open": {},
    }.items():
        Invitation.objects.create(
            organisation=organisation,
            email=f"{name}@clinic.example",
            role=Role.OPERATIONS,
            created_at=NOW - 90 * DAY,
            sent_at=NOW - 90 * DAY,
            expires_at=NOW - 87 * DAY,
            **changes,
        )

    assert retention.forget(NOW) == {"settled_invitations": 2}
    left = set(Invitation.objects.values_list("email", flat=True))
    assert left == {"just-accepted@clinic.example", "open@clinic.example"}


def test_what_was_said_goes_after_the_retention_days_and_that_it_was_said_stays(
    settings: Settings,
) -> None:
    settings.RETENTION_DAYS = 30
    world = World()
    world.rule(60, send_email=True)
    world.visit(NOW + HOUR)
    tick(NOW)
    (delivery,) = Delivery.objects.all()
    DeliveryAttempt.objects.create(delivery=delivery, number=1, started_at=NOW)
    alone = Delivery.objects.create(  # a message without an event
        organisation=world.organisation,
        channel="email",
        kind="appointment.confirmed",
        address="paula@patients.example",
        state="sent",
        created_at=NOW,
    )
    assert retention.forget(NOW + 30 * DAY) == {}
    assert retention.forget(NOW + 30 * DAY + MINUTE) == {"events": 1, "deliveries": 1}
    assert not Delivery.objects.filter(pk=alone.pk).exists()
    assert not Event.objects.exists()
    assert not DeliveryAttempt.objects.exists()
    row = AppointmentReminderSent.objects.get()
    assert (row.outcome, row.event) == ("fired", None)
    assert AuditEntry.objects.exists()
    assert AppointmentTransition.objects.count() == 0  # none was made: nothing else is touched


def test_a_pass_removes_so_many_and_leaves_the_rest_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    monkeypatch.setattr(retention, "MOST_BATCHES", 2)
    world = World()
    for number in range(5):
        make_key(world, f"old-{number}", NOW - 2 * DAY)
    first = run(NOW)
    assert first is not None
    assert first.counts["retention"] == {"idempotency_keys": 4}
    second = run(NOW + MINUTE)
    assert second is not None
    assert second.counts["retention"] == {"idempotency_keys": 1}


def test_it_happens_once_a_day() -> None:
    world = World()
    run(NOW)
    make_key(world, "old", NOW - 2 * DAY)
    run(NOW + HOUR)
    assert IdempotencyKey.objects.exists()
    run(NOW + DAY)
    assert not IdempotencyKey.objects.exists()


def test_a_day_on_which_it_failed_has_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_now: datetime) -> dict[str, int]:
        raise ValueError

    with monkeypatch.context() as broken:
        broken.setattr(retention, "forget", fail)
        run(NOW)
    make_key(World(), "old", NOW - 2 * DAY)
    run(NOW + MINUTE)
    assert not IdempotencyKey.objects.exists()
