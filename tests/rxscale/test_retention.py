"""What is forgotten, when, and that the rest stays."""

import re
from copy import copy
from datetime import datetime
from io import StringIO
from typing import TypeVar

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from api.models import IdempotencyKey
from appointments import lifecycle
from appointments.models import Appointment, AppointmentTransition
from booking_secrets import secrets
from booking_secrets.models import BookingLaunchCode
from common.clock import utc_now
from common.uids import new_uid
from notifications import resending
from notifications.errors import Refused
from notifications.models import Delivery, DeliveryAttempt, Event
from organisations.models import AuditEntry, Invitation, MaintenanceRun, Role
from reminders.models import AppointmentReminderSent
from rxscale import invariants, retention
from rxscale.maintenance import run
from tests.appointments.clinic import START, make_clinic
from tests.factories import ADMIN, NOW, PATIENT, make_organisation
from tests.reminders.world import DAY, HOUR, MINUTE, World, tick

Emptied = TypeVar("Emptied", Delivery, Event)

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


def make_messages() -> tuple[Delivery, Delivery]:
    """A reminder's e-mail with its event and an answer, and one of a message without an event."""
    world = World()
    world.rule(60, send_email=True)
    world.visit(NOW + HOUR)
    tick(NOW)
    (reminder,) = Delivery.objects.all()
    DeliveryAttempt.objects.create(
        delivery=reminder, number=1, started_at=NOW, status_code=200, response_excerpt="Dear Paula"
    )
    alone = Delivery.objects.create(
        organisation=world.organisation,
        channel="email",
        kind="appointment.confirmed",
        address="paula@patients.example",
        context={"name": "Paula"},
        body="Dear Paula",
        state="sent",
        created_at=NOW,
    )
    Delivery.objects.update(state="sent", next_attempt_at=None, settled_at=NOW)
    return reminder, alone


def test_what_was_said_is_emptied_after_30_days_and_that_it_was_said_stays() -> None:
    messages = make_messages()
    assert retention.forget(NOW + 30 * DAY) == {}
    later = NOW + 30 * DAY + MINUTE
    assert retention.forget(later) == {"emptied_events": 1, "emptied_deliveries": 2}

    event = Event.objects.get()
    assert (event.data, event.contact_paths, event.emptied_at) == ({}, [], later)
    for message in messages:
        message.refresh_from_db()
        assert (message.body, message.context, message.address) == ("", {}, "")
        assert (message.state, message.settled_at, message.created_at) == ("sent", NOW, NOW)
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.response_excerpt, attempt.status_code) == ("", 200)
    assert retention.forget(later) == {}


def test_what_still_waits_to_be_sent_keeps_its_body() -> None:
    _, alone = make_messages()
    Delivery.objects.filter(pk=alone.pk).update(
        state="pending", next_attempt_at=NOW, settled_at=None
    )
    assert retention.forget(NOW + 31 * DAY) == {"emptied_events": 1, "emptied_deliveries": 1}
    alone.refresh_from_db()
    assert alone.body == "Dear Paula"


def test_an_emptied_message_is_not_sent_again() -> None:
    _, alone = make_messages()
    retention.forget(NOW + 31 * DAY)
    alone.refresh_from_db()
    with pytest.raises(Refused, match="too old to be sent again"):
        resending.resend(alone, actor=ADMIN, now=NOW + 31 * DAY)


def test_the_empty_rows_go_after_the_retention_days(settings: Settings) -> None:
    settings.RETENTION_DAYS = 90
    make_messages()
    retention.forget(NOW + 89 * DAY)
    assert Delivery.objects.count() == 2
    assert retention.forget(NOW + 91 * DAY) == {"events": 1, "deliveries": 1}
    assert not Event.objects.exists()
    assert not DeliveryAttempt.objects.exists()
    row = AppointmentReminderSent.objects.get()
    assert (row.outcome, row.event) == ("fired", None)
    assert AuditEntry.objects.exists()


def test_a_hold_that_was_never_confirmed_goes_after_30_days_and_a_visit_stays() -> None:
    clinic = make_clinic()
    given_back = lifecycle.cancel(clinic.hold(), actor=PATIENT, now=NOW)
    clinic.hold()
    lifecycle.expire_stale_holds(now=NOW + HOUR)
    booked = lifecycle.confirm(clinic.hold(START + HOUR), actor=PATIENT, now=NOW)
    called_off = lifecycle.cancel(booked, actor=PATIENT, now=NOW)
    assert given_back.confirmed_at is None

    assert retention.forget(NOW + 30 * DAY).get("unconfirmed_holds") is None
    assert retention.forget(NOW + 31 * DAY)["unconfirmed_holds"] == 2

    assert list(Appointment.objects.all()) == [called_off]
    assert set(AppointmentTransition.objects.values_list("appointment", flat=True)) == {
        called_off.pk
    }
    assert invariants.violations() == []


def test_a_dry_run_says_what_would_go_and_changes_nothing() -> None:
    make_messages()
    Event.objects.update(created_at=utc_now() - 31 * DAY)
    Delivery.objects.update(created_at=utc_now() - 400 * DAY)

    def run_command(*arguments: str) -> list[str]:
        output = StringIO()
        call_command("retention", *arguments, stdout=output)
        return [line for line in output.getvalue().splitlines() if not line.endswith(": 0")]

    said = run_command("--dry-run")
    assert said == [
        *("deliveries: 2", "emptied_events: 1", "emptied_deliveries: 2", "Nothing was changed."),
    ]
    assert (Delivery.objects.count(), Event.objects.filter(emptied_at=None).count()) == (2, 1)

    assert run_command() == ["deliveries: 2", "emptied_events: 1", "Done."]
    assert Delivery.objects.count() == 0


def test_an_index_finds_what_is_to_be_emptied_or_removed() -> None:
    reminder, alone = make_messages()
    assert reminder.event
    _add_emptied(alone, 300)
    _add_emptied(reminder.event, 300)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_delivery, notifications_event")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for kind in retention.KINDS:
            if kind.name in ("unconfirmed_holds", "emptied_events", "emptied_deliveries"):
                sql, parameters = kind.old(NOW).values_list("pk").query.sql_with_params()
                cursor.execute(f"EXPLAIN {sql}", parameters)
                plan = "".join(line for (line,) in cursor.fetchall())
                assert re.search("_to_empty|appointment_never_confirmed", plan), plan


def _add_emptied(row: Emptied, count: int) -> None:
    """What the planner believes of an empty table is left over from other tests."""
    row.emptied_at, row._state.adding = NOW, True
    copies = [copy(row) for _ in range(count)]
    for each in copies:
        each.pk, each.uid, each.subject_uid = None, new_uid("copy"), new_uid("copy")
    type(row)._base_manager.bulk_create(copies)


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
