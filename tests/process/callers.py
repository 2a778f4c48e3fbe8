"""Partners as processes of their own, for races over HTTP; without Django, so that they start quickly."""

import json
import multiprocessing
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from multiprocessing.synchronize import Barrier

_gate: Barrier  # in each process: where all wait for each other before they call


@dataclass(frozen=True)
class Answer:
    """`status` 0: the connection broke before there was one."""

    status: int
    code: str = ""
    uid: str = ""


@dataclass(frozen=True)
class Call:
    """A POST of JSON to a port of this machine, with its length or in chunks."""

    port: int
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    is_chunked: bool = False

    def send(self) -> Answer:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            body = iter([self.body]) if self.is_chunked else self.body
            connection.request("POST", self.path, body, dict(self.headers))
            response = connection.getresponse()
            said = json.loads(response.read())
        except (HTTPException, OSError):
            return Answer(0)
        finally:
            connection.close()
        return Answer(response.status, said.get("code", ""), said.get("uid", ""))


@contextmanager
def callers(count: int) -> Generator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    remember = (context.Barrier(count),)
    with ProcessPoolExecutor(
        count, mp_context=context, initializer=_remember, initargs=remember
    ) as pool:
        yield pool


def send_together(call: Call) -> Answer:
    """Send it when every process of the pool has one to send."""
    wait_for_all()
    return call.send()


def wait_for_all() -> None:
    """In a process of `callers`: go on when all of them are here."""
    _gate.wait(timeout=60)


def _remember(gate: Barrier) -> None:
    global _gate  # a pool hands a barrier over at its start only
    _gate = gate
