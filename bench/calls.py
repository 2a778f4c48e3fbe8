"""One hold over HTTP, timed; run in processes of their own, which know nothing of Django."""

import time
from dataclasses import dataclass

from tests.process.callers import Call, wait_for_all

HELD = "held"


@dataclass(frozen=True, slots=True)
class Timed:
    """`answer` is HELD, a refusal's code, or what came instead."""

    answer: str
    milliseconds: float


def call(given: Call) -> Timed:
    began = time.perf_counter()
    answer = given.send()
    took = (time.perf_counter() - began) * 1000
    return Timed(HELD if answer.status == 201 else answer.code or str(answer.status), took)


def call_together(given: Call) -> Timed:
    wait_for_all()
    return call(given)
