"""The figures of `/metrics` that stand in rows: read when asked, so that web and workers need not count.

Each statement reads a bounded number of the newest rows by primary key, or the front of an index. They are
the same whichever web is asked.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from organisations.maintenance import last_run

from . import invariants

NEWEST = 10_000  # rows an hour's figures are made of; beyond that they are too low
NEWEST_FOR_INVARIANTS = 500
_HOUR = timedelta(hours=1)
_LONGEST = "2s"

_MOVES = """
SELECT to_status, actor_kind, count(*) FROM (
    SELECT at, to_status, actor_kind FROM appointments_appointmenttransition
    ORDER BY id DESC LIMIT %(newest)s
) newest WHERE at > %(since)s GROUP BY 1, 2 ORDER BY 1, 2"""

_DELIVERIES = """
SELECT channel, state, count(*), count(*) FILTER (WHERE attempt_count > 1) FROM (
    SELECT created_at, channel, state, attempt_count FROM notifications_delivery
    ORDER BY id DESC LIMIT %(newest)s
) newest WHERE created_at > %(since)s GROUP BY 1, 2 ORDER BY 1, 2"""

_REMINDERS = """
SELECT outcome, count(*), max(extract(epoch FROM created_at - due_at)) FROM (
    SELECT created_at, due_at, outcome FROM appointment_reminders_sent
    ORDER BY id DESC LIMIT %(newest)s
) newest WHERE created_at > %(since)s GROUP BY 1 ORDER BY 1"""

_OUTBOX = """
SELECT count(*), min(next_attempt_at) FROM (
    SELECT next_attempt_at FROM notifications_delivery
    WHERE state = 'pending' AND next_attempt_at <= %(now)s
    ORDER BY next_attempt_at LIMIT %(newest)s
) due"""


class Figures(Collector):
    """As of `now`. Without a database it says so, and nothing else."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        is_up = GaugeMetricFamily("rxscale_database_up", "1 when the figures below could be read.")
        try:
            found = list(self._read())
        except DatabaseError:
            found = []
        is_up.add_metric([], bool(found))
        yield is_up
        yield from found

    def _read(self) -> Iterator[Metric]:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = '{_LONGEST}'")
            yield from self._moves()
            yield from self._deliveries()
            yield from self._reminders()
            yield from self._outbox()
            yield from self._maintenance()
            yield _broken_invariants()

    def _moves(self) -> Iterator[Metric]:
        moves = GaugeMetricFamily(
            "rxscale_appointment_moves_last_hour",
            "Moves of visits by new status and who made them; `confirmed` are the bookings.",
            labels=["status", "actor"],
        )
        for status, actor, count in self._rows(_MOVES):
            moves.add_metric([status, actor], count)
        yield moves

    def _deliveries(self) -> Iterator[Metric]:
        labels = ["channel", "state"]
        deliveries = GaugeMetricFamily(
            "rxscale_deliveries_last_hour", "Messages of the last hour by outcome.", labels=labels
        )
        retried = GaugeMetricFamily(
            "rxscale_deliveries_retried_last_hour", "Those tried more than once.", labels=labels
        )
        for channel, state, count, more_than_once in self._rows(_DELIVERIES):
            deliveries.add_metric([channel, state], count)
            retried.add_metric([channel, state], more_than_once)
        yield deliveries
        yield retried

    def _reminders(self) -> Iterator[Metric]:
        reminders = GaugeMetricFamily(
            "rxscale_reminders_last_hour", "Reminders dealt with, by outcome.", labels=["outcome"]
        )
        lateness = GaugeMetricFamily(
            "rxscale_reminder_lateness_seconds", "The latest that fired in the last hour."
        )
        latest = 0.0
        for outcome, count, late in self._rows(_REMINDERS):
            reminders.add_metric([outcome], count)
            latest = float(late) if outcome == "fired" else latest
        lateness.add_metric([], latest)
        yield reminders
        yield lateness

    def _outbox(self) -> Iterator[Metric]:
        [(count, oldest)] = self._rows(_OUTBOX)
        age = (self._now - oldest).total_seconds() if oldest else 0.0
        yield _gauge("rxscale_outbox_waiting", "Messages that are due and have not left.", count)
        yield _gauge("rxscale_outbox_age_seconds", "How long the oldest of them is due.", age)

    def _maintenance(self) -> Iterator[Metric]:
        run = last_run()
        if run is None or run.finished_at is None:
            return
        name = "rxscale_maintenance_last"
        seconds = (run.finished_at - run.started_at).total_seconds()
        yield _gauge(f"{name}_finished", "When the last pass ended.", run.finished_at.timestamp())
        yield _gauge(f"{name}_seconds", "How long it took.", seconds)
        yield _gauge(f"{name}_failed_steps", "Steps of it that failed.", len(run.errors))
        overdue = settings.MAINTENANCE_OVERDUE_AFTER.total_seconds()
        yield _gauge("rxscale_maintenance_overdue_after_seconds", "When it is too late.", overdue)

    def _rows(self, query: str) -> list[tuple]:  # type: ignore[type-arg]  # each query has its own
        with connection.cursor() as cursor:
            cursor.execute(query, {"newest": NEWEST, "since": self._now - _HOUR, "now": self._now})
            return list(cursor.fetchall())


def _broken_invariants() -> Metric:
    """The newest rows only, and at most ten of each: enough to ring a bell; `manage.py verify` says which."""
    broken = GaugeMetricFamily(
        "rxscale_invariant_violations", "Rows that should not be.", labels=["invariant"]
    )
    found = {row.name: len(row.uids) for row in invariants.violations(newest=NEWEST_FOR_INVARIANTS)}
    for invariant in invariants.INVARIANTS:
        broken.add_metric([invariant.name], found.get(invariant.name, 0))
    return broken


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)
