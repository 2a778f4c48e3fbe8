"""The faults: what each does to the running system, and how often."""

from collections.abc import Callable
from dataclasses import dataclass
from time import sleep as wait

from tests.doubles.http import answer
from tests.process.own_servers import frozen
from tests.process.programs import eventually

from . import crash_points
from .outside import HOSTILE, accepts_and_says_nothing
from .stage import Stage

STOPPED_SECONDS = 30.0  # PostgreSQL, as the issue of this suite asks
FROZEN_SECONDS = 8.0
CALM_SECONDS = 2.0


@dataclass(frozen=True)
class Fault:
    """`inject` returns when the fault is over, with the number of times it happened."""

    name: str
    inject: Callable[[Stage], int]


def _kills(program: str, times: int) -> Callable[[Stage], int]:
    def inject(stage: Stage) -> int:
        for _ in range(times):
            wait(CALM_SECONDS)
            stage.house.kill_one(program)
        return times

    return inject


def _crashes(program: str) -> Callable[[Stage], int]:
    """Every point once, at the third and at a later pass, one after the other."""

    def inject(stage: Stage) -> int:
        folder, times = stage.house.crashes, 0
        for passes in (3, 11):
            for point in crash_points.POINTS[program]:
                crash_points.arm(folder, program, point, passes)
                what = f"the crash of a {program} {point}"
                eventually(lambda: not crash_points.is_armed(folder), within=40, what=what)
                times += 1
                wait(0.5)
        return times

    return inject


def _postgres_stopped(stage: Stage) -> int:
    stage.house.postgres.stop()
    wait(STOPPED_SECONDS)
    stage.house.postgres.start()
    return 1


def _postgres_crashed(stage: Stage) -> int:
    for _ in range(2):
        wait(CALM_SECONDS)
        stage.house.postgres.crash()
        stage.house.postgres.start()
    return 2


def _postgres_frozen(stage: Stage) -> int:
    with frozen(stage.house.postgres):
        wait(FROZEN_SECONDS)
    return 1


def _valkey_stopped(stage: Stage) -> int:
    stage.house.valkey.stop()
    wait(FROZEN_SECONDS)
    stage.house.valkey.start_again()
    return 1


def _valkey_frozen(stage: Stage) -> int:
    with frozen(stage.house.valkey):
        wait(FROZEN_SECONDS)
    return 1


def _valkey_flushed(stage: Stage) -> int:
    for _ in range(5):
        stage.house.valkey.flush()
        wait(1)
    return 5


def _hostile_partner(stage: Stage) -> int:
    moods = stage.outside.partner_moods
    before = moods.shown.total()
    with moods.of(0.5, **HOSTILE):
        wait(12)
    with moods.of(0.3, errs=answer(500)):
        wait(5)
    return moods.shown.total() - before


def _refusing_mail_server(stage: Stage) -> int:
    before = stage.outside.mailbox.refused
    with stage.outside.refusing_mail():
        wait(6)
    return stage.outside.mailbox.refused - before


def _silent_twilio(stage: Stage) -> int:
    moods = stage.outside.sms_moods
    before = moods.shown.total()
    with moods.of(0.7, times_out=accepts_and_says_nothing(12)):
        wait(6)
    return moods.shown.total() - before


FAULTS = (
    Fault("kill -9 of the web at random", _kills("web", 4)),
    Fault("kill -9 of the web at crash points", _crashes(crash_points.WEB)),
    Fault("kill -9 of workers at random", _kills("worker", 5)),
    Fault("kill -9 of workers at crash points", _crashes(crash_points.WORKER)),
    Fault("kill -9 of a beat", _kills("beat", 3)),
    Fault("PostgreSQL stopped for 30 s, started again", _postgres_stopped),
    Fault("PostgreSQL killed with -9, started again", _postgres_crashed),
    Fault("PostgreSQL frozen for 8 s", _postgres_frozen),
    Fault("Valkey stopped for 8 s, started again empty", _valkey_stopped),
    Fault("Valkey frozen for 8 s", _valkey_frozen),
    Fault("Valkey flushed", _valkey_flushed),
    Fault(
        "a partner that hangs, drips, resets, redirects, or answers 500 at 30 %", _hostile_partner
    ),
    Fault("a mail server that refuses", _refusing_mail_server),
    Fault("a Twilio that takes the SMS and does not answer", _silent_twilio),
)
