"""Geometry of the small charts the server draws as SVG: attributes only, so that the CSP needs no styles."""

from collections.abc import Sequence
from dataclasses import dataclass

# viewBox units; below the base stand the labels, above the highest point its value
WIDTH, BASE, TOP = 320.0, 80.0, 14.0


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
class Dot:
    point: Point
    middle: float
    y: float
    is_labelled: bool


def dots(points: Sequence[Point]) -> list[Dot]:
    """A dot per point, above a base of 0; labels thinned to at most eight."""
    step = WIDTH / max(len(points), 1)
    every = -(-len(points) // 8) or 1
    top = max((point.value or 0 for point in points), default=0) or 1
    return [
        Dot(
            point,
            middle=round((number + 0.5) * step, 1),
            y=round(BASE - (point.value or 0) / top * (BASE - TOP), 1),
            is_labelled=number % every == 0,
        )
        for number, point in enumerate(points)
    ]


def lines(drawn: Sequence[Dot]) -> list[str]:
    """The `points` of polylines through the dots: a gap begins another."""
    runs: list[list[str]] = [[]]
    for dot in drawn:
        if dot.point.value is None:
            runs.append([])
        else:
            runs[-1].append(f"{dot.middle:.1f},{dot.y:.1f}")
    return [" ".join(run) for run in runs if run]
