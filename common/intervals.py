"""Half-open integer intervals [start, end), as sorted lists of pairs. Pure: no Django, no clock."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted and disjoint; intervals that overlap or touch become one, empty ones vanish."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def subtract(intervals: Sequence[Interval], holes: Sequence[Interval]) -> list[Interval]:
    """What of `intervals` lies in no hole. Both as `union` returns them; so is the result."""
    left: list[Interval] = []
    first = 0
    for start, end in intervals:
        while first < len(holes) and holes[first][1] <= start:
            first += 1
        position = first
        while position < len(holes) and holes[position][0] < end:
            if holes[position][0] > start:
                left.append((start, holes[position][0]))
            start = holes[position][1]
            position += 1
        if start < end:
            left.append((start, end))
    return left


def covers(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Whether [start, end) lies inside one of `intervals` (as `union` returns them)."""
    position = bisect_right(intervals, start, key=lambda interval: interval[0])
    return position > 0 and end <= intervals[position - 1][1]


def meets(intervals: Sequence[Interval], start: int, end: int) -> bool:
    """Whether [start, end) shares an instant with any of `intervals` (as `union` returns them)."""
    position = bisect_right(intervals, start, key=lambda interval: interval[1])
    return position < len(intervals) and intervals[position][0] < end
