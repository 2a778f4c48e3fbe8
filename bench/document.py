"""Puts the table into docs/performance.md, between its two marks."""

from collections.abc import Sequence
from pathlib import Path

from .figures import Figure
from .table import as_markdown

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def write_table(figures: Sequence[Figure], document: Path = DOCUMENT) -> None:
    """Replace what stands between the marks. Raises ValueError where a mark is missing."""
    before, begin, rest = document.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{document.name} has lost its marks")
    document.write_text(f"{before}{BEGIN}\n\n{as_markdown(figures)}\n{END}{after}")
