"""The outcome of a run as the table of docs/reliability.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- made by make chaos: begin -->", "<!-- made by make chaos: end -->"


@dataclass(frozen=True)
class Outcome:
    """Of one fault; `acknowledged` and `reminders` are those of its own time."""

    fault: str
    times: int
    acknowledged: int
    reminders: int
    broken: Sequence[str]
    slowest: float
    recovery: float


def table(outcomes: Sequence[Outcome]) -> str:
    heads = (
        "fault",
        "times",
        "answers acknowledged meanwhile",
        "reminders due meanwhile",
        "lost, twice or overlapping",
        "slowest answer",
        "back after",
    )
    lines = [f"| {' | '.join(heads)} |", "|---|--:|--:|--:|---|--:|--:|"]
    return "\n".join([*lines, *map(row, outcomes)])


def row(outcome: Outcome) -> str:
    broken = "; ".join(outcome.broken) or "nothing"
    return (
        f"| {outcome.fault} | {outcome.times} | {outcome.acknowledged} | {outcome.reminders} | {broken}"
        f" | {outcome.slowest:.1f} s | {outcome.recovery:.1f} s |"
    )


def write(text: str) -> None:
    """Put it between the marks, whatever stood there."""
    before, _, rest = FILE.read_text().partition(BEGIN)
    after = rest.partition(END)[2]
    FILE.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
