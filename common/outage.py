"""Which failures mean that the database is away, and not that we have a bug."""

from django.db import InterfaceError, OperationalError

RETRY_AFTER_SECONDS = 5


def is_outage(error: BaseException | None) -> bool:
    """Refused, cut off, silent, starting up, out of connections, or given up after all retries."""
    return isinstance(error, OperationalError | InterfaceError)
