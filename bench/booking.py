"""Booking: alone, against the same statements sent raw; and many processes at one slot, or at overlapping ones.

A race is right when exactly one wins each slot, nobody deadlocks, and nothing but `slot_taken` is answered.
"""

import json
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

from django.db import connection

from appointments import lifecycle
from organisations.models import Patient
from tests.api.world import BASE, TOKEN_HEADER, Clinic, make_clinic, on_the_grid
from tests.factories import PARTNER, make_patient, make_type
from tests.process.callers import Call, callers

from . import pool, replay, web
from .attempts import Attempt, hold
from .calls import HELD, Timed, call, call_together
from .figures import Figure, milliseconds, percentile

PAUSE, STEP = timedelta(hours=1), timedelta(minutes=5)
ONE_SLOT, OVERLAPPING = 1, 6  # different starts among a race's attempts: all of them overlap
P99_BAR, P99_BAR_FOR = 10.0, 8  # racers: of more there is no bar, for two cores share them
HOLD_BAR = 2.0
Race = Sequence[Timed]


@dataclass(slots=True)
class Ground:
    """A clinic whose one doctor works day and night; people and hours that nobody has used yet."""

    clinic: Clinic
    patients: Iterator[Patient]
    hours: Iterator[datetime]


def measure(*, quick: bool) -> Iterator[Figure]:
    rounds = 8 if quick else 120
    crowds = (8,) if quick else (8, 16)
    ground = _ground()
    yield from _alone(ground, rounds)
    for racers in crowds:
        yield from _at_the_verb(ground, racers, rounds)
    for racers in crowds:
        yield from _over_http(ground, racers, rounds)


def _ground() -> Ground:
    clinic = make_clinic()
    clinic.kind = make_type(
        organisation=clinic.organisation,
        doctors=[clinic.doctor],
        slot_interval_minutes=5,
        booking_horizon_days=730,
        hold_ttl_seconds=3600,
    )
    first = on_the_grid(timedelta(hours=24))
    return Ground(
        clinic,
        (make_patient(shop=clinic.shop) for _ in count()),
        (first + number * PAUSE for number in count()),
    )


def _alone(ground: Ground, rounds: int) -> Iterator[Figure]:
    """Hold, and hold with confirm, in turn with their own statements replayed on another slot."""
    for name, is_confirmed, bar in (("hold", False, HOLD_BAR), ("hold and confirm", True, None)):
        verb, floor = [], []
        with replay.connected() as raw:
            for _ in range(rounds):
                one, other = _booking(ground, is_confirmed), _booking(ground, is_confirmed)
                verb.append(milliseconds(one))
                floor.append(milliseconds(partial(replay.send, replay.recorded(other), raw)))
        ours, theirs = statistics.median(verb), statistics.median(floor)
        label = f"{name}, alone, at the verb"
        yield Figure("booking", label, ours, "ms", theirs, "its statements raw", bar=bar)


def _booking(ground: Ground, is_confirmed: bool) -> partial[None]:
    return partial(_book, ground.clinic, next(ground.patients), next(ground.hours), is_confirmed)


def _book(clinic: Clinic, patient: Patient, at: datetime, is_confirmed: bool) -> None:
    now = datetime.now(UTC)
    held = lifecycle.hold(
        patient=patient, appointment_type=clinic.kind, starts_at=at, actor=PARTNER, now=now
    )
    if is_confirmed:
        lifecycle.confirm(held, actor=PARTNER, now=now)


def _at_the_verb(ground: Ground, racers: int, rounds: int) -> Iterator[Figure]:
    with pool.racers(racers) as processes:
        list(processes.map(hold, _attempts(ground, racers, ONE_SLOT)))  # everyone has connected
        single = [_attempts(ground, 1, ONE_SLOT, together=False)[0] for _ in range(rounds)]
        alone = [processes.submit(hold, each).result() for each in single]
        for what, starts in (("one slot", ONE_SLOT), ("overlapping slots", OVERLAPPING)):
            before = _deadlocks()
            races = [
                list(processes.map(hold, _attempts(ground, racers, starts))) for _ in range(rounds)
            ]
            label = f"{racers} processes at {what}, by the verb"
            yield from _judged(label, races, alone, deadlocks=_deadlocks() - before)


def _attempts(ground: Ground, racers: int, starts: int, *, together: bool = True) -> list[Attempt]:
    first, kind = next(ground.hours), ground.clinic.kind.pk
    return [
        Attempt(next(ground.patients).pk, kind, first + number % starts * STEP, together)
        for number in range(racers)
    ]


def _over_http(ground: Ground, racers: int, rounds: int) -> Iterator[Figure]:
    with web.running() as server, callers(racers) as processes:
        calls = partial(_calls, ground, server.port)
        list(processes.map(call_together, calls(racers)))  # every process and thread is warm
        alone = [processes.submit(call, calls(1)[0]).result() for _ in range(rounds)]
        before = _deadlocks()
        races = [list(processes.map(call_together, calls(racers))) for _ in range(rounds)]
        label = f"{racers} processes at one slot, over HTTP"
        yield from _judged(label, races, alone, deadlocks=_deadlocks() - before)


def _calls(ground: Ground, port: int, racers: int) -> list[Call]:
    """Holds of one slot by as many patients, by token."""
    at = int(next(ground.hours).timestamp())
    body = json.dumps({"appointment_type_uid": ground.clinic.kind.uid, "starts_at": at}).encode()
    tokens = [ground.clinic.token(f"{at}-{number}") for number in range(racers)]
    sent_as = ("Content-Type", "application/json")
    return [
        Call(port, f"{BASE}/appointments", ((TOKEN_HEADER, token), sent_as), body)
        for token in tokens
    ]


def _judged(label: str, races: Sequence[Race], alone: Race, *, deadlocks: int) -> Iterator[Figure]:
    answers = [Counter(each.answer for each in race) for race in races]
    wrong = sum(race != {HELD: 1, "slot_taken": race.total() - 1} for race in answers)
    times = [each.milliseconds for race in races for each in race]
    quiet = statistics.median(each.milliseconds for each in alone)
    yield Figure("booking", f"{label}: races not won by exactly one", wrong, "", bar=0)
    yield Figure("booking", f"{label}: deadlocks", deadlocks, "", bar=0)
    yield Figure("booking", f"{label}: median", statistics.median(times), "ms", quiet, "alone")
    p99 = percentile(times, 0.99)
    bar = P99_BAR if len(races[0]) == P99_BAR_FOR else None
    yield Figure("booking", f"{label}: p99", p99, "ms", quiet, "alone", bar=bar)


def _deadlocks() -> int:
    """What PostgreSQL has counted in this database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return int(cursor.fetchone()[0])
