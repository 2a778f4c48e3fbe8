"""What the benchmarks' table says of a figure: its ratio to the floor, and whether the bar is met."""

from pathlib import Path

import pytest

from bench.document import BEGIN, DOCUMENT, END, write_table
from bench.figures import Figure, medians, percentile
from bench.table import amount, as_markdown, as_text


def figure(value: float, *, floor: float | None = None, **judged: float | bool) -> Figure:
    at_least = bool(judged.get("at_least"))
    bar = judged.get("bar")
    return Figure("slots", "the endpoint", value, "ms", floor, "E", bar, at_least)


def test_the_bar_is_about_the_ratio_where_there_is_a_floor() -> None:
    assert figure(16, floor=8, bar=2).is_met is True
    assert figure(16.1, floor=8, bar=2).is_met is False
    assert figure(16, floor=8).is_met is None


def test_the_bar_is_about_the_value_where_there_is_none() -> None:
    assert figure(1, bar=1).is_met is True
    assert figure(1.01, bar=1).is_met is False
    assert figure(0, bar=0).is_met is True


def test_at_least_turns_it_round() -> None:
    assert figure(19, floor=1, bar=19, at_least=True).is_met is True
    assert figure(18, floor=1, bar=19, at_least=True).is_met is False


def test_a_missed_bar_is_said_in_bold() -> None:
    table = as_markdown([figure(30, floor=10, bar=2)])

    assert "| the endpoint | 30 ms | 10 E | 3.00 × | ≤ 2 × | **missed** |" in table


def test_the_terminal_shows_the_same_cells_under_the_suites_name() -> None:
    lines = as_text([figure(12, floor=10, bar=2)]).splitlines()

    assert lines[1] == "slots"
    assert lines[2].split() == [
        "the",
        "endpoint",
        "12",
        "ms",
        "10",
        "E",
        "1.20",
        "×",
        "≤",
        "2",
        "×",
        "met",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (0.04217, "0.0422"), (3.456, "3.46"), (45.67, "45.7"), (1234.5, "1,234")],
)
def test_three_figures_are_enough(number: float, text: str) -> None:
    assert amount(number) == text


def test_medians_take_turns() -> None:
    calls: list[str] = []

    medians({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2)

    assert calls == ["a", "b", "a", "b", "a", "b"]  # once to warm up, then in turn


def test_a_percentile_is_one_of_the_times() -> None:
    assert percentile([5, 1, 4, 2, 3], 0.99) == 5
    assert percentile([5, 1, 4, 2, 3], 0.5) == 3


def test_the_document_gets_the_table_between_its_marks_and_nothing_else(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")

    write_table([figure(12, floor=10, bar=2)], document)

    text = document.read_text()
    assert text.startswith(f"before\n{BEGIN}\n\n### slots\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text


def test_a_document_without_its_marks_is_left_alone(tmp_path: Path) -> None:
    document = tmp_path / "performance.md"
    document.write_text("no marks")

    with pytest.raises(ValueError, match="marks"):
        write_table([], document)

    assert document.read_text() == "no marks"


def test_the_published_document_can_take_the_table() -> None:
    text = DOCUMENT.read_text()

    assert text.index(BEGIN) < text.index(END)
