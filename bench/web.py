"""The web as it runs in production: gunicorn, on a free port of this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import psutil

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
    port = _free_port()
    environment = os.environ | {"PORT": str(port), "WEB_CONCURRENCY": str(processes)}
    began = time.monotonic()
    server = subprocess.Popen(
        _COMMAND, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while not _is_up(port):
            if time.monotonic() - began > 60:
                raise TimeoutError("the web did not start")
            time.sleep(0.02)
        yield Web(psutil.Process(server.pid), port, time.monotonic() - began)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _is_up(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
