"""The one HTTP client: resolves once, checks every address, dials the checked one, ends on time.

Checking a name and fetching it afterwards is broken, for the second lookup may answer otherwise (DNS
rebinding). Here the connection is made to the address that was checked, while Host and SNI keep the name.
No redirect is followed, no proxy of the environment used, no answer inflated.
"""

import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpcore
import httpx

from .addresses import IpAddress, NotResolved, Reach, is_loopback, is_within, resolve
from .targets import refuse_headers, refuse_target

__all__ = [
    "MAX_ANSWER_BYTES",
    "AddressRefused",
    "Answer",
    "CallFailed",
    "Reach",
    "call",
    "refuse_headers",
    "refuse_target",
]

MAX_ANSWER_BYTES = 20_000
_CHUNK_BYTES = 4_096
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most `MAX_ANSWER_BYTES` off the wire, the body as it was sent."""

    status_code: int
    headers: Mapping[str, str]
    body: bytes


class CallFailed(Exception):
    """No answer. `may_have_arrived`: the request, or a part of it, was already on its way."""

    def __init__(
        self, reason: str, *, is_timeout: bool = False, may_have_arrived: bool = False
    ) -> None:
        super().__init__(reason)
        self.is_timeout = is_timeout
        self.may_have_arrived = may_have_arrived


class AddressRefused(CallFailed):
    """The name led to an address this call must not dial."""


class _AnswerLongEnough(httpcore.ReadError):
    """The allowance of bytes is used up; what is there is kept."""


def call(
    method: str,
    url: str,
    *,
    content: bytes = b"",
    headers: Mapping[str, str] | None = None,
    reach: Reach = Reach.PUBLIC,
    total_seconds: float,
) -> Answer:
    """Send one request and read its answer, all of it within `total_seconds`, name lookup included.

    Plain http goes to loopback only, unless `reach` is ANYWHERE. Raises CallFailed, AddressRefused.
    """
    backend = _CheckedBackend(time.monotonic() + total_seconds, reach, _scheme(url))
    sent = _complete(headers)
    try:
        with (
            httpx.Client(transport=_Transport(backend), trust_env=False) as client,
            client.stream(method, url, content=content, headers=sent, timeout=None) as answer,
        ):
            return Answer(answer.status_code, answer.headers, _read(answer))
    except NotResolved as error:
        raise CallFailed(str(error), is_timeout=error.is_timeout) from error
    except (httpcore.TimeoutException, httpx.TimeoutException) as error:
        raise CallFailed(
            "no answer in time", is_timeout=True, may_have_arrived=backend.has_written
        ) from error
    except (*_BROKEN, httpx.HTTPError, httpx.InvalidURL) as error:
        raise CallFailed(_reason(error), may_have_arrived=backend.has_written) from error


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and never beyond the deadline."""

    def __init__(self, deadline: float, reach: Reach, scheme: str) -> None:
        self._deadline = deadline
        self._reach = reach
        self._is_plain = scheme != "https"
        self._network = httpcore.SyncBackend()
        self.has_written = False

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = resolve(host, port, seconds=self.remaining())
        for address in addresses:
            self._check(address)
        stream = self._dial(addresses, port)
        return _DeadlineStream(stream, self)

    def _check(self, address: IpAddress) -> None:
        """Refuse the whole name for one bad address: which one is dialled must not matter."""
        if not is_within(address, self._reach):
            raise AddressRefused(f"{address} is not a public address")
        if self._is_plain and self._reach is not Reach.ANYWHERE and not is_loopback(address):
            raise AddressRefused("http without TLS goes to loopback only")

    def _dial(self, addresses: list[IpAddress], port: int) -> httpcore.NetworkStream:
        """The first address that answers; each gets an even share of the time that is left."""
        for position, address in enumerate(addresses):
            share = self.remaining() / (len(addresses) - position)
            try:
                return self._network.connect_tcp(str(address), port, timeout=share)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if position == len(addresses) - 1:
                    raise
        raise httpcore.ConnectError("the name has no address")

    def remaining(self) -> float:
        """Seconds left. Raises ReadTimeout when there are none."""
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise httpcore.ReadTimeout("the time is up")
        return seconds


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait ends at the one deadline, and which reads only so much.

    The handshake and each TLS read take their timeout as a total (CPython's _ssl), so renewing the rest
    before every call bounds the whole.
    """

    def __init__(self, stream: httpcore.NetworkStream, backend: _CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend
        self._allowance = MAX_ANSWER_BYTES

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if not self._allowance:
            raise _AnswerLongEnough("the answer is too long")
        size = min(max_bytes, _CHUNK_BYTES, self._allowance)
        data = self._stream.read(size, self._backend.remaining())
        self._allowance -= len(data)
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._backend.has_written = True
        connection: socket.socket = self._stream.get_extra_info("socket")
        rest = memoryview(buffer)
        try:
            while rest:
                connection.settimeout(self._backend.remaining())
                rest = rest[connection.send(rest) :]
        except TimeoutError as error:
            raise httpcore.WriteTimeout(str(error)) from error
        except OSError as error:
            raise httpcore.WriteError(str(error)) from error

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        stream = self._stream.start_tls(ssl_context, server_hostname, self._backend.remaining())
        return _DeadlineStream(stream, self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Transport(httpx.BaseTransport):
    """httpx over a connection pool of one, for one request, through the checked backend."""

    def __init__(self, backend: _CheckedBackend) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=_tls(), max_connections=1, network_backend=backend
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        answer = self._pool.handle_request(
            httpcore.Request(
                request.method,
                httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                content=content,
                extensions=request.extensions,
            )
        )
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer.stream))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, parts: Any) -> None:
        self._parts = parts

    def __iter__(self) -> Any:
        return iter(self._parts)

    def close(self) -> None:
        self._parts.close()


@cache
def _tls() -> ssl.SSLContext:
    """Loading the certificates takes milliseconds: once per process."""
    return httpx.create_ssl_context(trust_env=False)


def _read(answer: httpx.Response) -> bytes:
    """The body, up to the allowance. The status has been said: a body that breaks off changes nothing."""
    body = bytearray()
    with suppress(httpcore.ReadError, httpcore.RemoteProtocolError):
        for chunk in answer.iter_raw():
            body += chunk
    return bytes(body)


def _complete(headers: Mapping[str, str] | None) -> httpx.Headers:
    complete = httpx.Headers({"User-Agent": "RxScale-Scheduling"})
    complete.update(headers)
    complete["Accept-Encoding"] = "identity"
    return complete


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _reason(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
