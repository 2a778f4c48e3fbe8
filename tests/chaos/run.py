"""Playing the faults one after the other: load, fault, recovery, settling, and what does not hold then."""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.core.management import call_command
from django.db import connection

from common.clock import utc_now
from notifications.models import Delivery, DeliveryState
from organisations.models import MaintenanceRun
from reminders.models import AppointmentReminderSent
from tests.process.programs import eventually

from . import report, truths
from .faults import FAULTS, Fault
from .house import House
from .load import Client, load
from .outside import outside
from .report import Outcome
from .stage import Stage, arrange, environment_of

BACK_WITHIN_SECONDS = 60.0
SETTLED_WITHIN_SECONDS = 90.0
LONGEST_CALL_SECONDS = 15.0
VISITS, OVER = 12, timedelta(seconds=8)  # come due in the time of each fault


def run(house: House, words: Sequence[str], began: float) -> int:
    chosen = [fault for fault in FAULTS if not words or any(word in fault.name for word in words)]
    call_command("migrate", verbosity=0)
    with outside() as around:
        house.start(environment_of(house, around))
        stage = arrange(house, around)
        outcomes = [_play(fault, stage) for fault in chosen]
    text = _summary(stage, outcomes, time.monotonic() - began)
    if not words:
        report.write(f"{report.table(outcomes)}\n\n{text}")
    print(f"\n{text}")
    return 1 if any(outcome.broken for outcome in outcomes) else 0


def _play(fault: Fault, stage: Stage) -> Outcome:
    ledger, before = stage.ledger, stage.ledger.acknowledged
    ledger.slowest = 0.0
    ledger.oddities.clear()
    stage.let_visits_come_due(VISITS, OVER)
    with load(stage.shop, ledger):
        time.sleep(1)
        times = fault.inject(stage)
        recovery = _recovery(stage)
    _settle(stage)
    outcome = Outcome(
        fault.name,
        times,
        ledger.acknowledged - before,
        VISITS * truths.REMINDERS_PER_VISIT,
        truths.broken(stage),
        ledger.slowest,
        recovery,
    )
    print(f"{report.row(outcome)}", flush=True)
    return outcome


def _recovery(stage: Stage) -> float:
    """Seconds until a visit booked from now on is confirmed and its webhook there, and a pass is through."""
    ended, began = utc_now(), time.monotonic()
    probe = Client(stage.shop, stage.ledger)
    uid = probe.book_one()
    eventually(
        lambda: stage.outside.has_heard_of(uid) and _has_passed_since(ended),
        within=BACK_WITHIN_SECONDS - (time.monotonic() - began),
        what="the recovery",
    )
    return time.monotonic() - began


def _has_passed_since(instant: datetime) -> bool:
    connection.close()  # the old one may have ended with its server
    runs = MaintenanceRun.objects.filter(started_at__gte=instant)
    return runs.exclude(finished_at=None).filter(errors={}).exists()


def _settle(stage: Stage) -> None:
    """Wait for the last delivery; what would be tried again in minutes or hours is tried now."""
    began = time.monotonic()
    wanted = stage.visits * truths.REMINDERS_PER_VISIT

    def is_settled() -> bool:
        pending = Delivery.objects.filter(state=DeliveryState.PENDING)
        pending.filter(leased_until=None).update(next_attempt_at=utc_now())
        if time.monotonic() - began > LONGEST_CALL_SECONDS:  # the lease is a dead worker's
            pending.exclude(leased_until=None).update(leased_until=utc_now())
        time.sleep(0.4)
        return AppointmentReminderSent.objects.count() >= wanted and not pending.exists()

    eventually(is_settled, within=SETTLED_WITHIN_SECONDS, what="the last delivery")


def _summary(stage: Stage, outcomes: Sequence[Outcome], seconds: float) -> str:
    answers = sum(stage.ledger.answers.values())
    counts = {
        "calls": answers,
        "visits whose last acknowledged state was compared with the database": len(
            stage.ledger.states
        ),
        "reminders": stage.visits * truths.REMINDERS_PER_VISIT,
        "webhooks received": len(stage.outside.partner.requests),
        "mails received": len(stage.outside.mailbox.messages),
        "SMS requests": len(stage.outside.sms.requests),
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    bad = sum(bool(outcome.broken) for outcome in outcomes)
    verdict = f"{bad} faults broke something" if bad else "Nothing was lost, doubled or overlapping"
    return f"{verdict}: {told}, in {seconds:.0f} s."
