"""The whole system on loopback: servers that can be stopped and frozen, and its programs under the supervisor."""

import os
import random
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir

import psutil

from tests.process.own_servers import Postgres, Valkey
from tests.process.programs import ROOT, eventually, is_well

_SUPERVISE = """
import os, sys
from pathlib import Path
from rxscale.demo.supervisor import run_procfile
sys.exit(run_procfile(Path(sys.argv[1]), os.environ))
"""
_CELERY = f"{sys.executable} -m celery --app tests.chaos.work"
_WORKER = f"{_CELERY} worker --concurrency 1 --without-gossip --without-mingle --hostname"
WORKERS, BEATS = 4, 2
LOG = Path(gettempdir()) / "rxscale-chaos.log"  # of the programs; kept, for when something broke


def procfile() -> str:
    """The Procfile's commands, with crash points and more than one of each."""
    gunicorn = Path(sys.executable).with_name("gunicorn")
    lines = [f"web: {gunicorn} --config python:rxscale.gunicorn tests.chaos.web"]
    lines += [f"worker{n}: {_WORKER} {n}@chaos" for n in range(WORKERS)]
    lines += [f"beat{n}: {_CELERY} beat" for n in range(BEATS)]
    return "\n".join([*lines, ""])


@dataclass
class House:
    postgres: Postgres
    valkey: Valkey
    folder: Path
    port: int
    environment: Mapping[str, str] = field(default_factory=dict)
    supervisor: psutil.Process | None = None

    @property
    def crashes(self) -> Path:
        return self.folder / "crashes"

    def start(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.crashes.mkdir()
        file = self.folder / "Procfile"
        file.write_text(procfile())
        with LOG.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", _SUPERVISE, str(file)],
                cwd=ROOT,
                env={**os.environ, **environment, "PYTHONPATH": str(ROOT)},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.supervisor = psutil.Process(process.pid)
        eventually(self.is_up, within=90, what="the start of the web")

    def stop(self) -> None:
        if self.supervisor is not None:
            self.supervisor.terminate()
            with suppress(psutil.TimeoutExpired):
                self.supervisor.wait(timeout=60)
        for process in self.programs(""):
            process.kill()

    def is_up(self) -> bool:
        return is_well(self.port, "/readyz")

    def programs(self, name: str) -> list[psutil.Process]:
        """The processes of `web`, `worker` or `beat`, pools and parents alike."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                command = " ".join(process.cmdline())
                is_ours = process.environ().get("RXSCALE_DATA_DIR") == str(self.folder)
                if is_ours and "tests.chaos" in command and name in ("", _kind(command)):
                    found.append(process)
        return found

    def kill_one(self, name: str) -> None:
        """kill -9 of a process of that program, at random."""
        with suppress(psutil.NoSuchProcess, IndexError):
            random.choice(self.programs(name)).kill()


def _kind(command: str) -> str:
    if "gunicorn" in command:
        return "web"
    return "beat" if " beat" in command else "worker"
