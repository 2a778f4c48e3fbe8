"""A local HTTP server that answers as its script says and remembers every byte it was sent."""

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


Behaviour = Callable[[socket.socket, Request], None]


def answer(status: int = 200, body: bytes = b"ok", **headers: str) -> Behaviour:
    """Header names are written with underscores."""

    def behave(connection: socket.socket, request: Request) -> None:
        lines = [f"HTTP/1.1 {status} Scripted", f"Content-Length: {len(body)}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    return behave


def drip(seconds: float, body_bytes: int = 1_000, pause: float = 0.1) -> Behaviour:
    """The status at once, then the body one byte at a time."""

    def behave(connection: socket.socket, request: Request) -> None:
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {body_bytes}\r\n\r\n".encode())
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            connection.sendall(b"x")
            time.sleep(pause)

    return behave


def hang(seconds: float) -> Behaviour:
    def behave(connection: socket.socket, request: Request) -> None:
        time.sleep(seconds)

    return behave


def slowly(behave: Behaviour, seconds: float) -> Behaviour:
    """As `behave` does, after a while: long enough to be overtaken or killed in."""

    def wait_first(connection: socket.socket, request: Request) -> None:
        time.sleep(seconds)
        behave(connection, request)

    return wait_first


def reset(connection: socket.socket, request: Request) -> None:
    """Close with a TCP reset instead of an answer."""
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def endless(connection: socket.socket, request: Request) -> None:
    """Writes without end, as fast as it is read."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65_536)


@dataclass
class Receiver:
    """`with Receiver(first, second, then=rest) as receiver:` answers on a loopback port of its own."""

    script: list[Behaviour] = field(default_factory=list)
    then: Behaviour = field(default_factory=answer)
    requests: list[Request] = field(default_factory=list)
    most_at_once: int = 0

    def __enter__(self) -> Self:
        self._lock = threading.Lock()
        self._open = 0
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = read_request(connection)
                if request is None:
                    return
                behave = self._begin(request)
                try:
                    behave(connection, request)
                finally:
                    with self._lock:
                        self._open -= 1
            except OSError:
                return  # the client hung up, which is what many of the scripts are about

    def _begin(self, request: Request) -> Behaviour:
        with self._lock:
            self.requests.append(request)
            self._open += 1
            self.most_at_once = max(self.most_at_once, self._open)
            return self.script.pop(0) if self.script else self.then


def read_request(connection: socket.socket) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    while len(body) < int(headers.get("content-length", "0")):
        body += connection.recv(65_536)
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body)
