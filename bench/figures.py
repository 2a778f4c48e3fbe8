"""What a benchmark says: a figure, the floor measured beside it in the same run, and the bar it must meet."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """`value` in `unit`. With a `floor` the `bar` is about value / floor, else about the value itself.

    The bar is the most that is allowed, or the least where `at_least`; None: told, not judged.
    """

    suite: str
    name: str
    value: float
    unit: str = "ms"
    floor: float | None = None
    floor_is: str = ""
    bar: float | None = None
    at_least: bool = False

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def is_met(self) -> bool | None:
        """None where there is no bar."""
        if self.bar is None:
            return None
        judged = self.value if self.ratio is None else self.ratio
        return judged >= self.bar if self.at_least else judged <= self.bar


def milliseconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def medians(works: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Milliseconds of each. They take turns, so that a busy moment of the machine falls on all alike."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for name, work in works.items():
        work()  # the first time pays for imports, plans and caches
        times[name].clear()
    for _ in range(rounds):
        for name, work in works.items():
            times[name].append(milliseconds(work))
    return {name: statistics.median(of_work) for name, of_work in times.items()}


def percentile(times: Sequence[float], share: float) -> float:
    """Of the sorted times the one below which that share of them lies."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
