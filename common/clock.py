"""The one place that reads the clock, and the conversions between instants and epoch seconds.

Rules take `now` as an argument; only the edges (views, tasks, commands) call `utc_now`.
"""

from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.core.exceptions import ValidationError


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_epoch(instant: datetime) -> int:
    """Whole seconds since 1970-01-01T00:00:00Z; fractions are dropped."""
    return int(instant.timestamp())


def from_epoch(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def epoch_or_none(instant: datetime | None) -> int | None:
    return None if instant is None else to_epoch(instant)


def zone(name: str) -> ZoneInfo:
    """The IANA zone of that name; names are validated when stored (`validate_zone`)."""
    return ZoneInfo(name)


@cache
def zone_names() -> frozenset[str]:
    """Every IANA zone name; kept, because reading the list walks a directory tree.

    Without two files that lie beside the zones on some machines: `localtime` is whatever the machine
    is set to, `Factory` is nobody's.
    """
    return frozenset(available_timezones()) - {"localtime", "Factory"}


def validate_zone(name: str) -> None:
    """Refuse what is no IANA zone name. ZoneInfo would also open a path, so ask the list first."""
    if name not in zone_names():
        raise ValidationError("Enter an IANA time zone such as Europe/Berlin.", code="invalid_zone")
