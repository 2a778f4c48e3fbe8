"""What a management command finds running: decided before Django reads its settings."""

import os
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rxscale.embedded import running_servers

# They touch neither database nor broker; `demo` owns its servers itself.
_WITHOUT_SERVERS = frozenset(
    [
        *("check", "diffsettings", "document_settings", "help", "version", "demo"),
        *("collectstatic", "findstatic", "compilemessages", "makemessages"),
        *("makemigrations", "startapp", "startproject"),
    ]
)
_DEFAULT_DATA_DIR = Path(__file__).resolve().parent.parent / ".rxscale"


def data_dir() -> Path:
    """$RXSCALE_DATA_DIR, by default .rxscale beside manage.py."""
    return Path(os.environ.get("RXSCALE_DATA_DIR") or _DEFAULT_DATA_DIR).resolve()


def needs_servers(argv: Sequence[str]) -> bool:
    command = argv[1] if len(argv) > 1 else "help"
    wants_help = not {"--help", "-h", "--version"}.isdisjoint(argv[1:])
    return not wants_help and command not in _WITHOUT_SERVERS


@contextmanager
def servers_for(argv: Sequence[str]) -> Iterator[None]:
    """Put DATABASE_URL and REDIS_URL into the environment for the length of a command that needs them.

    What the environment names already is used; in production nothing is started, and the system
    checks say what is missing.
    """
    if os.environ.get("RXSCALE_ENV") == "production":
        yield
    elif needs_servers(argv):
        with running_servers(data_dir()) as servers:
            os.environ.update(servers.environment())
            yield
    else:
        if not os.environ.get(
            "DATABASE_URL"
        ):  # makemigrations would complain that it cannot ask one
            warnings.filterwarnings(
                "ignore", "Got an error checking a consistent migration history"
            )
        yield
