"""The time zones a person chooses from."""

from common.clock import zone_names

_WITHOUT_A_CITY = ("Etc/", "SystemV/", "posix/", "right/")


def zone_choices() -> list[tuple[str, str]]:
    """UTC, then every zone that is named after a place."""
    names = sorted(name for name in zone_names() if "/" in name)
    named = [(name, name) for name in names if not name.startswith(_WITHOUT_A_CITY)]
    return [("UTC", "UTC"), *named]
