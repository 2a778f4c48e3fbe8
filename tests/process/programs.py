"""Real workers and beats on a database of their own, to be killed without warning."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from django.db import connection
from psycopg import sql

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def own_database(*, is_migrated: bool = True) -> Generator[str]:
    """A database beside the test session's, which Django uses meanwhile; yields its URL."""
    given = urlsplit(os.environ["DATABASE_URL"])
    name = f"rxscale_process_{secrets.token_hex(4)}"
    url = given._replace(path=f"/{name}").geturl()
    usual = connection.settings_dict["NAME"]
    connection.close()
    with psycopg.connect(given.geturl(), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            if is_migrated:
                migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
                environment = os.environ | {"DATABASE_URL": url}
                subprocess.run(migrate, cwd=ROOT, env=environment, check=True)
            connection.settings_dict["NAME"] = name
            yield url
        finally:
            connection.close()
            connection.settings_dict["NAME"] = usual
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            server.execute(drop.format(sql.Identifier(name)))


def eventually(is_so: Callable[[], bool], *, within: float, what: str) -> None:
    """Wait for it; fails the test, saying what for, when it takes longer than `within` seconds."""
    end = time.monotonic() + within
    while not is_so():
        assert time.monotonic() < end, f"{what} did not happen within {within} seconds"
        time.sleep(0.1)


@dataclass
class Fleet:
    """Workers and beats of one environment; whatever still runs is killed at the end."""

    environment: Mapping[str, str]
    log: Path
    running: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def start(self, program: str, count: int) -> None:
        """`program` is `worker` or `beat`."""
        options = ["--concurrency", "2", "--without-gossip", "--without-mingle"]
        command = [sys.executable, "-m", "celery", "--app", "rxscale", program]
        for number in range(count):
            names = [*options, "--hostname", f"{number}-{secrets.token_hex(2)}@test"]
            with self.log.open("ab") as log:
                process = subprocess.Popen(
                    command + (names if program == "worker" else []),
                    cwd=ROOT,
                    env={**os.environ, **self.environment},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            self.running.setdefault(program, []).append(process)

    def kill(self, program: str) -> None:
        """kill -9 every one of them, a worker's children, too."""
        for process in self.running.pop(program, []):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def end(self, program: str) -> None:
        """SIGTERM: each finishes what it is at, and exits."""
        processes = self.running.pop(program, [])
        for process in processes:
            process.terminate()
        for process in processes:
            assert process.wait(timeout=60) == 0

    def kill_all(self) -> None:
        for program in list(self.running):
            self.kill(program)

    def flush(self) -> None:
        """Empty the broker, as FLUSHALL would; other users of the server keep their keys."""
        prefix = self.environment["REDIS_KEY_PREFIX"]
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
            for key in client.scan_iter(match=f"{prefix}*", count=1000):
                client.delete(key)


def is_well(port: int, path: str) -> bool:
    """Whether what listens there answers the path with 200; False, too, while nothing listens."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
