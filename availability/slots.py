"""Open intervals less busy intervals -> starts. Pure integer arithmetic: no Django, no clock, no zones."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from common.intervals import Interval, union


def grid_starts(
    windows: Sequence[Interval], *, duration: int, interval: int, start: int, end: int
) -> list[int]:
    """Every start in [start, end) on its window's own grid whose visit lies in the windows.

    Each of `windows` (sorted; the joined windows of one local date) counts its grid from its own
    start in elapsed seconds, so a grid never depends on the range asked for; a visit may run on
    into the next window where the two touch. `windows` must reach to `end + duration`.
    """
    stretches = union(windows)
    starts: list[int] = []
    position = 0
    previous_until = start
    is_sorted = True
    for opens, closes in windows:
        while stretches[position][1] < closes:
            position += 1
        skipped = max(0, -(-(start - opens) // interval))
        until = min(end, closes, stretches[position][1] - duration + 1)
        is_sorted = is_sorted and opens >= previous_until
        previous_until = until
        starts.extend(range(opens + skipped * interval, until, interval))
    return starts if is_sorted else sorted(set(starts))


def without(
    starts: Sequence[int], taken: Sequence[Interval], *, before: int, after: int
) -> list[int]:
    """The starts s whose [s - before, s + after) meets none of `taken`; both sorted by start.

    `after` is the visit's duration plus its own buffer behind it.
    """
    left: list[int] = []
    position = 0
    for taken_from, taken_until in taken:
        first = bisect_right(starts, taken_from - after, position)
        if first > position:
            left += starts[position:first]
        position = bisect_left(starts, taken_until + before, first)
    left += starts[position:]
    return left
