"""docs/operating.md explains every variable that is read, and none that is not: it is made from them."""

import re
from pathlib import Path

from rxscale import knobs
from rxscale.management.commands.document_settings import BEGIN, END

_ROOT = Path(__file__).resolve().parents[2]
_READ_DIRECTLY = re.compile(r"""environ\.get\(\s*["']([A-Z][A-Z_]+)["']""")


def _read() -> set[str]:
    """By the settings, and by what runs before or without them."""
    sources = ("gunicorn.py", "command_line.py", "healthcheck.py")
    text = "".join((_ROOT / "rxscale" / name).read_text() for name in sources)
    return set(knobs.env.defaults) | set(_READ_DIRECTLY.findall(text))


def test_every_variable_that_is_read_is_explained_and_no_other() -> None:
    assert len(_read()) > 50
    assert set(knobs.names()) == _read()


def test_each_is_explained_once() -> None:
    assert len(list(knobs.names())) == len(set(knobs.names()))


def test_the_document_is_in_step() -> None:
    text = (_ROOT / "docs" / "operating.md").read_text()
    written = text[text.index(BEGIN) + len(BEGIN) : text.index(END)]

    assert written == knobs.tables(), "run manage.py document_settings"


def test_the_sample_environment_names_nothing_that_is_not_read() -> None:
    lines = (_ROOT / ".env.example").read_text().splitlines()
    named = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}

    assert named - _read() == {"POSTGRES_PASSWORD"}  # docker-compose.yml makes DATABASE_URL of it
