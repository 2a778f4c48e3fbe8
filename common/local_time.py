"""An instant in words a person can rely on: local date and time, with the zone named.

Month and day names follow the active language.
"""

from datetime import datetime

from django.utils.dateformat import format as date_text
from django.utils.translation import pgettext

from .clock import zone


def in_words(instant: datetime, zone_name: str) -> str:
    """E.g. `Tuesday, 2 March 2027, 10:00 (Europe/Berlin, CET)`."""
    return f"{day_in_words(instant, zone_name)}, {time_in_words(instant, zone_name)}"


def day_in_words(instant: datetime, zone_name: str) -> str:
    """E.g. `Tuesday, 2 March 2027`."""
    local = instant.astimezone(zone(zone_name))
    return date_text(local, pgettext("date format, long", "l, j F Y"))


def time_in_words(instant: datetime, zone_name: str) -> str:
    """E.g. `10:00 (Europe/Berlin, CET)`."""
    local = instant.astimezone(zone(zone_name))
    return f"{local:%H:%M} ({zone_label(local, zone_name)})"


def in_short(instant: datetime, zone_name: str) -> str:
    """For a text message: `Tue 2 Mar 2027, 10:00 (Europe/Berlin, CET)`."""
    local = instant.astimezone(zone(zone_name))
    day = date_text(local, pgettext("date format, short", "D j M Y"))
    return f"{day}, {time_in_words(instant, zone_name)}"


def zone_label(local: datetime, zone_name: str) -> str:
    """`Europe/Berlin, CET`: the abbreviation tells the two hours apart that a change repeats."""
    abbreviation = local.tzname() or ""
    if abbreviation[:1] in ("+", "-"):  # zones without a name of their own: +0545, -03
        minutes = f":{abbreviation[3:]}" if abbreviation[3:] else ""
        abbreviation = f"UTC{abbreviation[:3]}{minutes}"
    return zone_name if abbreviation in ("", zone_name) else f"{zone_name}, {abbreviation}"
