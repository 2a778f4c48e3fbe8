"""Bodies sent in chunks: Django reads as much as Content-Length says, so without it a body counts as empty."""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any

from django.conf import settings

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class ChunkedBodies:
    """Reads such a body, up to one byte more than is allowed, and says how long it was.

    Some HTTP clients (.NET's, for one) send every JSON body in chunks.
    """

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        # The server says that its stream ends with the body; without that, reading on would wait forever.
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            _measure(environ)
        return self._application(environ, start_response)


def _measure(environ: Environ) -> None:
    try:
        body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    except OSError:
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = _BrokenOff(), "1"
    else:
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))


class _BrokenOff:
    """A body that ended in the middle of a chunk: whoever reads it is told."""

    def read(self, *_: Any) -> bytes:
        raise OSError("the body broke off")

    readline = read
