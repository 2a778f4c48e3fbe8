"""Several managers over the same reminders, a cancellation in between, and what the order of keys is for."""

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from functools import partial
from threading import Barrier, Event, Thread

import pytest
from django.db import DatabaseError, connection, transaction

from appointments import lifecycle
from appointments.models import Appointment
from common.retrying import sqlstate
from common.uids import new_uid
from notifications import outbox, wake
from notifications.models import Delivery
from notifications.models import Event as OutboxEvent
from reminders import sent_rows
from reminders.firing import fire_due
from reminders.models import AppointmentReminderSent, Outcome, ReminderRule
from reminders.sent_rows import Row
from tests.factories import ADMIN, NOW, make_doctor, make_patient, make_type
from tests.notifications.world import make_event
from tests.reminders.world import HOUR, MINUTE, World

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 20
MANAGERS = 6
CHUNK = 1000


@pytest.fixture(autouse=True)
def _no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is to send what these races write."""
    monkeypatch.setattr(wake, "_send", lambda *_, **__: None)


def many_visits(world: World, *, doctors: int, each: int) -> list[Appointment]:
    """Visits of five minutes, back to back, an hour ahead at the earliest."""
    kind = make_type(organisation=world.organisation, duration_minutes=5)
    firsts, others = [], []
    for _ in range(doctors):
        first = world.visit(
            NOW + HOUR,
            doctor=make_doctor(organisation=world.organisation, with_room=False),
            patient=make_patient(shop=world.shop),
            appointment_type=kind,
        )
        firsts.append(first)
        others += [_later(first, number * 5 * MINUTE) for number in range(1, each)]
    return firsts + Appointment.objects.bulk_create(others)


def _later(visit: Appointment, by: object) -> Appointment:
    later = copy(visit)
    later._state = copy(visit._state)
    later._state.adding = True
    later.pk, later.uid, later.link_nonce = None, new_uid("mtg"), new_uid("n")
    for field in ("starts_at", "ends_at", "blocked_from", "blocked_until"):
        setattr(later, field, getattr(visit, field) + by)
    return later


def at_once(works: Sequence[Callable[[], Counter[str]]]) -> list[Counter[str]]:
    """What each returned; a database error counts under its sqlstate."""
    gate = Barrier(len(works))

    def run(work: Callable[[], Counter[str]]) -> Counter[str]:
        try:
            connection.ensure_connection()
            gate.wait(timeout=20)
            return work()
        except DatabaseError as error:
            return Counter({sqlstate(error): 1})
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_six_managers_fire_each_reminder_once(transient: list[str]) -> None:
    world = World()
    visits = many_visits(world, doctors=10, each=10)
    for group in ("patient", "doctor"):
        for minutes in (200, 300):
            world.rule(minutes, group, appointment_type=visits[0].appointment_type)
    outcomes = at_once([lambda: Counter(fire_due(NOW))] * MANAGERS)
    assert sum(outcomes, Counter()) == Counter(fired=400)
    assert AppointmentReminderSent.objects.filter(outcome=Outcome.FIRED).count() == 400
    assert OutboxEvent.objects.count() == Delivery.objects.count() == 400
    assert transient == []


def _rows(visits: Sequence[Appointment], rules: Sequence[ReminderRule]) -> list[Row]:
    return [
        Row(
            appointment_id=visit.pk,
            rule_id=rule.pk,
            recipient_uid="pp-1",
            organisation_id=visit.organisation_id,
            recipient_group="patient",
            minutes_before=rule.minutes_before,
            due_at=NOW,
            outcome=Outcome.FIRED,
        )
        for visit in visits
        for rule in rules
    ]


def _write_shuffled(visits: Sequence[Appointment], rules: Sequence[ReminderRule]) -> Counter[str]:
    """A manager of its own, who found them in whatever order."""
    rows = _rows(visits, rules)
    random.shuffle(rows)
    written: Counter[str] = Counter()
    for start in range(0, len(rows), CHUNK):
        with transaction.atomic():
            ours = sent_rows.write(rows[start : start + CHUNK], now=NOW)
            outbox.publish(
                now=NOW,
                events=[make_event(visits[0].organisation, uid, id=pk) for uid, pk in ours.items()],
            )
            written["written"] += len(ours)
    return written


def test_six_managers_over_8000_reminders_write_exactly_8000() -> None:
    world = World()
    visits = many_visits(world, doctors=20, each=50)
    rules = [world.rule(minutes) for minutes in range(1, 9)]
    began = time.monotonic()
    outcomes = at_once([partial(_write_shuffled, visits, rules)] * MANAGERS)
    assert sum(outcomes, Counter()) == Counter(written=8000)
    assert AppointmentReminderSent.objects.count() == 8000
    assert time.monotonic() - began < 30  # hung beyond 131 s where they deadlocked


def test_without_the_order_of_keys_managers_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what the ORDER BY of the insert is for. One round may get by; many do not."""
    ordered = "ORDER BY given.appointment_id, given.rule_id, given.recipient_uid"
    assert ordered in sent_rows._WRITE
    monkeypatch.setattr(sent_rows, "_WRITE", sent_rows._WRITE.replace(ordered, ""))
    world = World()
    visits = many_visits(world, doctors=10, each=30)
    rules = [world.rule(60)]

    for _ in range(ROUNDS):
        outcomes = at_once([partial(_write_shuffled, visits, rules)] * MANAGERS)
        if sum(outcomes, Counter())["40P01"]:
            return
        AppointmentReminderSent.objects.all().delete()
    pytest.fail(f"no deadlock in {ROUNDS} rounds: the control shows nothing")


def test_a_visit_being_cancelled_meanwhile_is_not_reminded_of() -> None:
    world = World()
    world.rule(60)
    visit = world.visit(NOW + HOUR)
    is_cancelled, was_waited_for = Event(), Event()

    def cancel_slowly() -> None:
        try:
            with transaction.atomic():
                lifecycle.cancel(visit, reason="Doctor is ill", actor=ADMIN, now=NOW)
                is_cancelled.set()
                was_waited_for.wait(timeout=0.5)
        finally:
            connection.close()

    cancelling = Thread(target=cancel_slowly)
    cancelling.start()
    assert is_cancelled.wait(timeout=20)
    counts = fire_due(NOW)  # waits for the row; without the lock it would still read "confirmed"
    was_waited_for.set()
    cancelling.join()
    assert counts["fired"] == 0
    assert not OutboxEvent.objects.filter(event_type="APPOINTMENT_REMINDER_DUE").exists()
