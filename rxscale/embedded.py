"""The PostgreSQL and Valkey of a machine that names no DATABASE_URL or REDIS_URL.

One process owns a server of a data folder: whoever holds its lock starts, announces and stops it;
every other process joins it. The kernel takes the lock back with its process, so an owner killed
with -9 leaves no claim behind, only a server, which the next owner stops before it starts its own.
"""

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import IO

from rxscale import server_programs

_JOIN_SECONDS = 180
_owned_here: dict[
    Path, str
] = {}  # lock file -> URL: a POSIX lock does not keep its own process out


class EmbeddedRefused(Exception):
    """Embedded servers are for demo, development and tests, never for production."""


@dataclass(frozen=True)
class Servers:
    database_url: str
    redis_url: str

    def environment(self) -> dict[str, str]:
        """What a child process, or settings read later, must find in its environment."""
        return {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}


@contextmanager
def running_servers(
    data_dir: Path, *, durable: bool = True, environ: Mapping[str, str] = os.environ
) -> Iterator[Servers]:
    """The servers `environ` names and, for what it does not name, embedded ones under `data_dir`.

    Inside, SIGTERM and SIGHUP end the program by SystemExit, so that the servers are stopped; while
    they stop, further signals are ignored: nothing may break that off half-way.
    Raises EmbeddedRefused under RXSCALE_ENV=production, ServerFailed when one does not start.
    """
    with ExitStack() as stack:
        database_url, redis_url = _given(environ, "DATABASE_URL"), _given(environ, "REDIS_URL")
        if database_url and redis_url:
            yield Servers(database_url, redis_url)
            return
        _refuse_production(environ)
        ignore_signals = stack.enter_context(_signals_end_the_program())
        if not database_url:
            folder = data_dir.resolve() / "postgres"
            run = partial(server_programs.postgresql, folder, durable=durable)
            database_url = stack.enter_context(_owned_or_joined(data_dir, "postgres", run))
        if not redis_url:
            run = partial(server_programs.valkey, data_dir.resolve() / "valkey")
            redis_url = stack.enter_context(_owned_or_joined(data_dir, "valkey", run))
        stack.callback(ignore_signals)
        yield Servers(database_url, redis_url)


def private_folder(data_dir: Path) -> Path:
    """The folder for secrets and mails: its owner's alone, whatever the folders above allow."""
    folder = data_dir.resolve() / "private"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _given(environ: Mapping[str, str], name: str) -> str:
    if file := environ.get(f"{name}_FILE"):
        return Path(file).read_text().strip()
    return environ.get(name, "")


def _refuse_production(environ: Mapping[str, str]) -> None:
    if environ.get("RXSCALE_ENV") == "production":
        raise EmbeddedRefused("Production needs DATABASE_URL and REDIS_URL; set both.")


@contextmanager
def _owned_or_joined(
    data_dir: Path, name: str, run: Callable[[], AbstractContextManager[str]]
) -> Iterator[str]:
    lock = private_folder(data_dir) / f"{name}.lock"
    announcement = lock.with_suffix(".url")
    if lock in _owned_here:
        yield _owned_here[lock]
        return
    with lock.open("a") as lock_file:
        if not _lock(lock_file):
            yield _wait_for(announcement)
            return
        announcement.unlink(missing_ok=True)
        with run() as url:
            _announce(announcement, url)
            _owned_here[lock] = url
            try:
                yield url
            finally:
                del _owned_here[lock]
                announcement.unlink(missing_ok=True)


@contextmanager
def alone_in(data_dir: Path, name: str) -> Iterator[None]:
    """Inside, no other process gets here with this folder and name. Raises EmbeddedRefused when one is."""
    with (private_folder(data_dir) / f"{name}.lock").open("a") as lock_file:
        if not _lock(lock_file):
            raise EmbeddedRefused(f"Another {name} is running on {data_dir}.")
        yield


def _lock(lock_file: IO[str]) -> bool:
    # A POSIX lock and not flock: children inherit that one and would hold it after a kill -9 of ours.
    try:
        fcntl.lockf(lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _announce(announcement: Path, url: str) -> None:
    draft = announcement.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(url)
    draft.rename(announcement)


def _wait_for(announcement: Path) -> str:
    deadline = time.monotonic() + _JOIN_SECONDS
    while time.monotonic() < deadline:
        if announcement.exists():
            return announcement.read_text()
        time.sleep(0.1)
    raise server_programs.ServerFailed(f"Another process holds {announcement.stem}, but not ready.")


@contextmanager
def _signals_end_the_program() -> Iterator[Callable[[], None]]:
    """Turn SIGTERM and SIGHUP into SystemExit; gives what makes all ending signals be ignored.

    Handlers are the main thread's to set; in another thread this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return

    def end(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    def ignore() -> None:
        for number in before:
            signal.signal(number, signal.SIG_IGN)

    before = {n: signal.getsignal(n) for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, end)
    try:
        yield ignore
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
