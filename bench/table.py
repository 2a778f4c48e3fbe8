"""The table that `make bench` prints and `docs/performance.md` shows."""

from collections.abc import Iterable, Sequence

from .figures import Figure

HEADINGS = ("what", "figure", "floor", "ratio", "bar", "")


def cells(figure: Figure) -> tuple[str, ...]:
    floor = "" if figure.floor is None else f"{amount(figure.floor)} {figure.floor_is}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f} ×"
    verdict = {True: "met", False: "**missed**", None: ""}[figure.is_met]
    return (
        figure.name,
        f"{amount(figure.value)} {figure.unit}".strip(),
        floor,
        ratio,
        _bar(figure),
        verdict,
    )


def _bar(figure: Figure) -> str:
    if figure.bar is None:
        return ""
    return f"{'≥' if figure.at_least else '≤'} {figure.bar:g}{' ×' if figure.floor else ''}"


def amount(number: float) -> str:
    """Three figures are enough."""
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 10 else f"{number:.3g}"


def by_suite(figures: Iterable[Figure]) -> dict[str, list[Figure]]:
    suites: dict[str, list[Figure]] = {}
    for figure in figures:
        suites.setdefault(figure.suite, []).append(figure)
    return suites


def as_text(figures: Sequence[Figure]) -> str:
    """Aligned columns for a terminal."""
    rows = [cells(figure) for figure in figures]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    lines: list[str] = []
    for suite, of_suite in by_suite(figures).items():
        lines.append(f"\n{suite}")
        lines += [
            "  "
            + "  ".join(
                cell.ljust(width) for cell, width in zip(cells(each), widths, strict=True)
            ).rstrip()
            for each in of_suite
        ]
    return "\n".join(lines)


def as_markdown(figures: Sequence[Figure]) -> str:
    lines: list[str] = []
    for suite, of_suite in by_suite(figures).items():
        lines += [f"### {suite}", "", _row(HEADINGS), _row("---" for _ in HEADINGS)]
        lines += [*(_row(cells(each)) for each in of_suite), ""]
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
