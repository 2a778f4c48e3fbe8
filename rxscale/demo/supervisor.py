"""Runs web, worker and beat side by side, starts again what dies, and ends them all together.

honcho multiplexes the logs and passes signals on. What it lacks: starting a killed process again,
and an end of all processes when the supervisor itself is killed.
"""

import ctypes
import math
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import psutil
from honcho.environ import parse_procfile
from honcho.manager import Manager
from honcho.process import Popen, Process

RESTART_PAUSE_SECONDS = 1.0
# A process that cannot live this long five times running is broken, not unlucky: end everything.
HEALTHY_AFTER_SECONDS = 10.0
MAX_QUICK_DEATHS = 5
# Longer than gunicorn waits for its workers; honcho alone would kill 5 seconds after the first one is out.
ENDS_WITHIN_SECONDS = 25.0

_MARK = "RXSCALE_SUPERVISOR"  # in the environment of all we start: whose they are
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)  # loaded here, for after a fork there is no time to load anything


class KeptProcess(Process):  # type: ignore[misc]  # honcho is untyped
    """A process that is started again when it dies, unless everything is ending."""

    ending: Event
    supervisor: int

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        _end_with_parent(signal.SIGKILL)
        self._child_ctor = self._start
        quick_deaths = 0
        while True:
            started = time.monotonic()
            super().run(events, ignore_signals)
            lived = time.monotonic() - started
            quick_deaths = quick_deaths + 1 if lived < HEALTHY_AFTER_SECONDS else 0
            if self._is_over() or quick_deaths >= MAX_QUICK_DEATHS:
                code = self._child.returncode
                super()._send_message({"returncode": code}, type="stop")
                return
            self._send_message(f"died (rc={self._child.returncode}), starting it again\n".encode())
            time.sleep(RESTART_PAUSE_SECONDS)

    def _is_over(self) -> bool:
        return self.ending.is_set() or os.getppid() != self.supervisor

    def _send_message(self, data: Any, type: str = "line") -> None:  # noqa: A002  # honcho's name
        if type != "stop":  # honcho ends everything at the first stop; run() sends the last one
            super()._send_message(data, type=type)

    @staticmethod
    def _start(*args: Any, **kwargs: Any) -> Popen:
        child = Popen(*args, **kwargs, preexec_fn=partial(_end_with_parent, signal.SIGTERM))
        # Not after run(): that reads to the end of the output, which a pool left behind keeps open.
        threading.Thread(target=_end_pool_after, args=(child,), daemon=True).start()
        return child


class KeepingManager(Manager):  # type: ignore[misc]  # honcho is untyped
    def __init__(self) -> None:
        super().__init__()
        self._ending = multiprocessing.Event()
        self._ended_since = math.inf
        self._process_ctor = self._kept_process

    def terminate(self) -> None:
        if not self._ending.is_set():
            self._ending.set()
            self._ended_since = time.monotonic()
        super().terminate()

    def kill(self) -> None:
        """Asked over and over by honcho's loop, some seconds after the first process has stopped."""
        if time.monotonic() - self._ended_since > ENDS_WITHIN_SECONDS:
            super().kill()

    def _kept_process(self, *args: Any, **kwargs: Any) -> KeptProcess:
        process = KeptProcess(*args, **kwargs)
        process.ending = self._ending
        process.supervisor = os.getpid()
        return process


def run_procfile(procfile: Path, environment: Mapping[str, str]) -> int:
    """Run every process of `procfile` until SIGINT or SIGTERM; returns the exit code.

    What a killed supervisor of the same data folder left running is ended first: it would hold the port.
    """
    _end_orphans_of_the_killed(environment["RXSCALE_DATA_DIR"])
    # From Python 3.14 on the default puts a server between: then nobody here hears of a death.
    multiprocessing.set_start_method("fork", force=True)
    manager = KeepingManager()
    for name, command in parse_procfile(procfile.read_text()).processes.items():
        manager.add_process(
            name,
            f"exec {command}",
            env={**environment, _MARK: _identity(psutil.Process())},
            cwd=str(procfile.parent),
        )
    manager.loop()
    return int(manager.returncode or 0)


def _end_pool_after(child: Popen) -> None:
    """A killed parent leaves its pool behind, which would hold the port and the queue."""
    child.wait()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send us that signal when our parent dies, however it dies; Linux can."""
    if sys.platform == "linux":
        _libc.prctl(_PR_SET_PDEATHSIG, number)


def _end_orphans_of_the_killed(data_dir: str) -> None:
    """Where the kernel does not tell (not Linux, or several were killed at once), we find them."""
    alive = {_identity(process) for process in psutil.process_iter()}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            environ = process.environ()
            owner = environ.get(_MARK, "")
            if owner and owner not in alive and environ.get("RXSCALE_DATA_DIR") == data_dir:
                process.kill()


def _identity(process: psutil.Process) -> str:
    """A pid alone may belong to somebody else by now."""
    try:
        return f"{process.pid} {process.create_time()}"
    except psutil.NoSuchProcess:
        return ""
