"""A body sent in chunks is read like one whose length was said; tests/process/test_http_race.py sends some."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

import pytest
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.wsgi import WSGIRequest
from django.http import UnreadablePostError
from django.test import RequestFactory

from rxscale.chunked import ChunkedBodies, Environ

MEBIBYTE = 1_048_576


class BreakingOff(BytesIO):
    """What gunicorn's stream does when a client leaves in the middle of a chunk."""

    def read(self, size: int | None = -1) -> bytes:
        raise OSError("no more data")


def body_that_arrives(stream: BytesIO, **environ: Any) -> bytes:
    """What Django reads of a POST in chunks that comes through our door."""
    sent = RequestFactory().post("/v1/").environ | {
        "wsgi.input": stream,
        "wsgi.input_terminated": True,
        "HTTP_TRANSFER_ENCODING": "chunked",
        **environ,
    }
    del sent["CONTENT_LENGTH"]

    def read(environ: Environ, _start_response: Callable[..., Any]) -> Iterable[bytes]:
        return [WSGIRequest(environ).body]

    return b"".join(ChunkedBodies(read)(sent, lambda *_: None))


def test_all_of_it_arrives() -> None:
    assert body_that_arrives(BytesIO(b'{"starts_at": 1}')) == b'{"starts_at": 1}'
    assert body_that_arrives(BytesIO(b"")) == b""


def test_a_mebibyte_is_the_most() -> None:
    assert len(body_that_arrives(BytesIO(b" " * MEBIBYTE))) == MEBIBYTE
    larger = BytesIO(b" " * 3 * MEBIBYTE)
    with pytest.raises(RequestDataTooBig):
        body_that_arrives(larger)
    assert larger.tell() == MEBIBYTE + 1  # what comes behind it is not taken into memory


def test_one_that_breaks_off_is_told_to_who_reads_it() -> None:
    with pytest.raises(UnreadablePostError):
        body_that_arrives(BreakingOff())


def test_a_stream_that_may_have_no_end_is_not_read() -> None:
    assert body_that_arrives(BreakingOff(), **{"wsgi.input_terminated": False}) == b""
