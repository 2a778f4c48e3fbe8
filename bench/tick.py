"""The minute tick: idle while the table grows, with ten thousand reminders due, and three managers at once.

Idle is judged by its SQL alone. Ten thousand due stand beside one statement that writes the same rows, made
beforehand; it reads nothing and makes no text.
"""

import statistics
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest import mock

from django.db import connection, transaction

from appointments.models import AppointmentType
from notifications import subscriptions, wake
from notifications.models import EventType
from organisations.models import Organisation
from reminders import rules
from reminders.firing import fire_due
from reminders.models import DueMark, ReminderRule
from tests.factories import ADMIN, make_organisation
from tests.many_visits import write_visits

from . import managers, pool, replay
from .figures import Figure, medians, milliseconds

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OFFSETS = (15, 60, 1440)
# Hours ahead that fire at one instant: with 1,900 doctors' visits on each full hour some ten thousand.
MANY_DOCTORS, MANY_OFFSETS = 1_900, range(60, 480, 60)
FEWER_DOCTORS = 300

_WRITTEN = ("appointment_reminders_sent", "notifications_event", "notifications_delivery")


def measure(*, quick: bool) -> Iterator[Figure]:
    sizes = (5_000, 25_000) if quick else (10_000, 100_000, 1_000_000)
    this_hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    yield from _idle(sizes, now=this_hour + 40 * MINUTE, rounds=20 if quick else 60)
    doctors, rounds = (FEWER_DOCTORS, 1) if quick else (MANY_DOCTORS, 5)
    yield from _many_due(doctors, now=this_hour + timedelta(seconds=30), rounds=rounds)


def _idle(sizes: tuple[int, ...], *, now: datetime, rounds: int) -> Iterator[Figure]:
    """40 minutes past the hour nothing is due: every visit starts on a full hour."""
    took: dict[int, float] = {}
    written = 0
    with replay.connected() as raw:
        for size in sizes:
            _clinic(size - written, offsets=OFFSETS)
            written = size
            _look_until(now - MINUTE)
            assert fire_due(now)["fired"] == 0
            steps = replay.recorded(partial(fire_due, now))
            median = medians(
                {"pass": partial(fire_due, now), "sql": partial(replay.send, steps, raw)},
                rounds=rounds,
            )
            took[size] = median["sql"]
            label = f"idle, {size:,} appointments × 3 rules"
            yield Figure("tick", f"{label}: its SQL", median["sql"], "ms", bar=1)
            yield Figure("tick", f"{label}: the step", median["pass"], "ms", median["sql"], "SQL")
    least, most = min(took), max(took)
    label = f"idle: SQL at {most:,} against {least:,}"
    yield Figure("tick", label, took[most], "ms", took[least], f"at {least:,}", bar=1.5)


def _many_due(doctors: int, *, now: datetime, rounds: int) -> Iterator[Figure]:
    _clinic(doctors * 32, doctors=doctors, offsets=MANY_OFFSETS)
    ours, floor = [], []
    with mock.patch.object(wake, "_send"):  # nobody is to send them while they are counted
        for _ in range(rounds):
            _forget(now)
            ours.append(milliseconds(partial(fire_due, now)))
            _keep_aside()
            _forget(now)
            floor.append(milliseconds(_write_again))
    fired = _count("appointment_reminders_sent")
    took = statistics.median(ours)
    label = f"{fired:,} due at once"
    yield Figure(
        "tick", label, took, "ms", statistics.median(floor), "one statement, same rows", bar=2
    )
    yield from _three_at_once(fired, alone=took, now=now)
    yield from _handed_over(fired)


def _three_at_once(due: int, *, alone: float, now: datetime) -> Iterator[Figure]:
    _forget(now)
    with pool.racers(3) as processes:
        results = list(processes.map(managers.fire, [now] * 3))
    wrong = abs(_count("appointment_reminders_sent") - due) + abs(sum(n for n, _ in results) - due)
    label = f"{due:,} due, three managers at once"
    yield Figure("tick", f"{label}: missing or twice", wrong, "", bar=0)
    yield Figure("tick", label, max(took for _, took in results), "ms", alone, "one manager")


def _handed_over(due: int) -> Iterator[Figure]:
    """Celery gets chunks of row numbers: with one task each this takes a hundred times as long."""
    ids = list(range(1, due + 1))
    sent: list[object] = []
    with mock.patch("celery.current_app.send_task", lambda *args, **_: sent.append(args)):
        wake.deliveries(ids)
    yield Figure("tick", f"{due:,} handed to Celery: tasks", len(sent), "", bar=due / 200 + 1)
    took = milliseconds(partial(wake.deliveries, ids))
    yield Figure("tick", f"{due:,} handed to Celery", took)


def _clinic(rows: int, *, offsets: range | tuple[int, ...], doctors: int = 100) -> None:
    """Visits on every full hour, rules for each type, and a subscriber to their events."""
    organisation = make_organisation()
    write_visits(organisation, rows, doctors=doctors)
    for kind in AppointmentType.objects.of(organisation):
        for minutes in offsets:
            rules.add_rule(
                kind,
                recipient_group="patient",
                minutes_before=minutes,
                send_email=False,
                send_sms=False,
                actor=ADMIN,
                now=datetime.now(UTC) - timedelta(days=30),
            )
    ReminderRule.objects.update(is_sweep_wanted=False)
    _subscribe(organisation)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _subscribe(organisation: Organisation) -> None:
    subscriptions.create(
        organisation,
        notification_type=EventType.REMINDER_DUE,
        target="http://127.0.0.1:8899/",
        actor=ADMIN,
        now=datetime.now(UTC),
    )


def _look_until(instant: datetime) -> None:
    DueMark.objects.update_or_create(pk=1, defaults={"looked_until": instant})


def _forget(now: datetime) -> None:
    """As if the minute before `now` had been the last to be looked at."""
    _execute(f"TRUNCATE {', '.join(_WRITTEN)} CASCADE")
    _look_until(now - 2 * MINUTE)


def _keep_aside() -> None:
    for table in _WRITTEN:
        _execute(f"DROP TABLE IF EXISTS aside_{table}")
        _execute(f"CREATE TABLE aside_{table} AS SELECT * FROM {table} ORDER BY id")  # noqa: S608  # names of this module


def _write_again() -> None:
    sent, event, delivery = (
        f"INSERT INTO {table} SELECT * FROM aside_{table}"  # noqa: S608  # names of this module
        for table in _WRITTEN
    )
    _execute(f"WITH event AS ({event}), sent AS ({sent}) {delivery}")


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608  # a name of this module
        return int(cursor.fetchone()[0])


def _execute(statement: str) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
