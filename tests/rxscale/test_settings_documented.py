"""docs/operating.md names every variable that is read, and none that is not."""

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_READ = re.compile(r"""(?:env(?:\.\w+)?|environ\.get)\(\s*["']([A-Z][A-Z_]+)["']""")
# Read by libraries, or by the demo alone.
_READ_ELSEWHERE = {"DJANGO_SETTINGS_MODULE"}


def _tables() -> str:
    text = (_ROOT / "docs" / "operating.md").read_text()
    return text[text.index("## Settings") : text.index("## First steps")]


def _read() -> set[str]:
    sources = ("settings.py", "gunicorn.py", "command_line.py")
    text = "".join((_ROOT / "rxscale" / name).read_text() for name in sources)
    return set(_READ.findall(text)) - _READ_ELSEWHERE


def test_every_variable_that_is_read_is_documented() -> None:
    assert len(_read()) > 40
    assert {name for name in _read() if f"`{name}`" not in _tables()} == set()


def test_every_documented_variable_is_read() -> None:
    rows = [line for line in _tables().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`([A-Z_]+)`", row.split("|")[1])}

    assert documented - _read() == set()
