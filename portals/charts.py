"""Geometry of the small charts the server draws as SVG: attributes only, so that the CSP needs no styles."""

from collections.abc import Sequence
from dataclasses import dataclass

# viewBox units; below the base stand the labels, above the highest point its value
WIDTH, HEIGHT, BASE, TOP = 320.0, 96.0, 80.0, 14.0


@dataclass(frozen=True, slots=True)
class Point:
    """`value` None is a gap: nothing was there to be counted."""

    label: str
    value: float | None
    text: str = ""

    @property
    def in_words(self) -> str:
        if self.text:
            return self.text
        return "none" if self.value is None else f"{self.value:g}"


@dataclass(frozen=True, slots=True)
class Bar:
    point: Point
    x: float
    y: float
    width: float
    height: float
    middle: float
    is_labelled: bool


def bars(points: Sequence[Point]) -> list[Bar]:
    """A bar per point, from a base of 0; labels thinned to at most eight."""
    step = WIDTH / max(len(points), 1)
    every = -(-len(points) // 8) or 1
    return [
        _bar(point, number, step, _top(points), is_labelled=number % every == 0)
        for number, point in enumerate(points)
    ]


def line(drawn: Sequence[Bar]) -> list[str]:
    """The `points` of polylines through the bars' tops: a gap begins another."""
    runs: list[list[str]] = [[]]
    for bar in drawn:
        if bar.point.value is None:
            runs.append([])
        else:
            runs[-1].append(f"{bar.middle:.1f},{bar.y:.1f}")
    return [" ".join(run) for run in runs if run]


def _top(points: Sequence[Point]) -> float:
    return max((point.value or 0 for point in points), default=0) or 1


def _bar(point: Point, number: int, step: float, top: float, *, is_labelled: bool) -> Bar:
    height = round((point.value or 0) / top * (BASE - TOP), 1)
    return Bar(
        point,
        x=round(number * step + step * 0.15, 1),
        y=round(BASE - height, 1),
        width=round(step * 0.7, 1),
        height=height,
        middle=round((number + 0.5) * step, 1),
        is_labelled=is_labelled,
    )
