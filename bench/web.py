"""The web as it runs in production: gunicorn, on a free port of this machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.process.programs import is_well
from tests.process.web import free_port

ROOT = Path(__file__).resolve().parent.parent
_COMMAND = [
    str(Path(sys.executable).parent / "gunicorn"),
    "--config",
    "python:rxscale.gunicorn",
    "rxscale.wsgi",
]


@dataclass(frozen=True, slots=True)
class Web:
    process: psutil.Process
    port: int
    seconds_to_start: float

    def resident_bytes(self) -> int:
        """Of the largest of its processes."""
        family = [self.process, *self.process.children(recursive=True)]
        return max(each.memory_info().rss for each in family)


@contextmanager
def running(*, processes: int = 2) -> Generator[Web]:
    """Ends with its children. Raises TimeoutError when it does not answer within a minute."""
    port = free_port()
    environment = os.environ | {"PORT": str(port), "WEB_CONCURRENCY": str(processes)}
    began = time.monotonic()
    server = subprocess.Popen(
        _COMMAND, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not is_well(port, "/healthz"):
            if time.monotonic() - began > 60:
                raise TimeoutError("the web did not start")
            time.sleep(0.02)
        yield Web(psutil.Process(server.pid), port, time.monotonic() - began)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)
