"""A real web on a port of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from common.clock import to_epoch
from tests.api.world import BASE, TOKEN_HEADER, Clinic

from .callers import Call
from .programs import ROOT, eventually, is_well

HALF_HOUR = timedelta(minutes=30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Web:
    """The web as it runs in production, and a clinic that is booked through it."""

    clinic: Clinic
    first: datetime
    database_url: str
    port: int
    environment: Mapping[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        gunicorn = str(Path(sys.executable).parent / "gunicorn")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [gunicorn, "--config", "python:rxscale.gunicorn", "rxscale.wsgi"],
                cwd=ROOT,
                env=os.environ | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self.is_up, within=60, what="the start of the web")

    def is_up(self) -> bool:
        return is_well(self.port, "/healthz")

    def kill(self) -> None:
        """kill -9, its workers, too."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def end(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(timeout=40)

    def hold(self, customer: str, number: int) -> Call:
        """The half hour of that number, counted from `first`."""
        body = {
            "appointment_type_uid": self.clinic.kind.uid,
            "starts_at": to_epoch(self.first + number * HALF_HOUR),
        }
        headers = (
            (TOKEN_HEADER, self.clinic.token(customer)),
            ("Content-Type", "application/json"),
        )
        path, is_chunked = f"{BASE}/appointments", number % 2 == 1  # some clients know no length
        return Call(self.port, path, headers, json.dumps(body).encode(), is_chunked)

    def deadlocks(self) -> int:
        """What PostgreSQL counted in this database, which is this test's alone."""
        with psycopg.connect(self.database_url) as connection:
            (count,) = connection.execute(
                "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
            ).fetchall()[0]
        return int(count)
