"""The counters of one web, whichever of its workers is asked: in files of a folder all of them read.

prometheus_client names a file after the process. Here it is the worker's place among its siblings: gunicorn
replaces workers now and then, and a newcomer goes on counting where the one before it left off, so that
there are never more files than workers.
"""

import os
import shutil
from pathlib import Path
from tempfile import mkdtemp

from prometheus_client import values

_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
_place = "main"


def share() -> None:
    """From now on counters are kept in files. Before the first counter is made."""
    os.environ.setdefault(_FOLDER, mkdtemp(prefix="rxscale-metrics-"))
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: _place)  # type: ignore[no-untyped-call]


def take_place(place: int) -> None:
    """What this process counts goes to the file of that place."""
    global _place  # read by the library whenever something is counted
    _place = str(place)


def folder() -> Path | None:
    """Where the files are; None when this process counts for itself alone."""
    name = os.environ.get(_FOLDER)
    return Path(name) if name else None


def forget() -> None:
    """Remove the files: the web has ended."""
    if path := folder():
        shutil.rmtree(path, ignore_errors=True)
