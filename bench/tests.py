"""The tests without browsers, processes and fuzz, against E on the medium workload.

They may take 90 seconds on the machine whose E was 8.3 ms: as many times E as that is anywhere. Only when asked
for by name, because they take a minute or more.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

from . import floors, grounds
from .figures import Figure, medians, milliseconds
from .workloads import fill, read

SECONDS_ALLOWED, E_THERE_MS = 90, 8.3
_TESTS = ("-m", "pytest", "-n", "2", "-m", "not browser and not process and not fuzz")


def measure(*, quick: bool) -> Iterator[Figure]:
    workload = read("medium")
    arguments = (fill(workload).doctors, workload.start, workload.end, workload.length)
    e = partial(floors.floor_e, *arguments)
    rounds = 20 if quick else 60
    before = medians({"E": e}, rounds=rounds)["E"]
    took = milliseconds(_run)
    after = medians({"E": e}, rounds=rounds)["E"]
    floor = statistics.mean((before, after))
    bar = SECONDS_ALLOWED * 1000 / E_THERE_MS
    yield Figure("tests", "the quick tests", took, "ms", floor, "E", bar=bar)


def _run() -> None:
    done = subprocess.run(
        [sys.executable, *_TESTS],
        env=grounds.without_ours(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout[-2000:])
