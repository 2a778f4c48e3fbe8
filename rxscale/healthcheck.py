"""Whether the web of this machine can serve: exit code 0 or 1, for a container's health check."""

import os
import sys
from http.client import HTTPConnection, HTTPException

_SECONDS = 4.0


def main() -> int:
    """Ask `/readyz` as the reverse proxy would: by a name that ALLOWED_HOSTS has, over TLS."""
    name = os.environ.get("ALLOWED_HOSTS", "").partition(",")[0].strip().lstrip(".")
    connection = HTTPConnection("127.0.0.1", int(os.environ.get("PORT", "8000")), timeout=_SECONDS)
    try:
        headers = {"Host": name or "localhost", "X-Forwarded-Proto": "https"}
        connection.request("GET", "/readyz", headers=headers)
        return 0 if connection.getresponse().status == 200 else 1
    except (OSError, HTTPException):
        return 1
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(main())
