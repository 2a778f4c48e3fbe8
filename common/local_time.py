"""An instant in words a person can rely on: local date and time, with the zone named.

Names of months, days and zones follow the active language.
"""

from datetime import datetime
from functools import lru_cache

from babel.dates import get_timezone_location
from django.conf import settings
from django.utils.dateformat import format as date_text
from django.utils.translation import get_language, pgettext, pgettext_lazy

from .clock import zone

_ENGLISH = "en"
# The first part of a zone's name.
_REGIONS = {
    "Africa": pgettext_lazy("region of the world", "Africa"),
    "America": pgettext_lazy("region of the world", "America"),
    "Antarctica": pgettext_lazy("region of the world", "Antarctica"),
    "Arctic": pgettext_lazy("region of the world", "Arctic"),
    "Asia": pgettext_lazy("region of the world", "Asia"),
    "Atlantic": pgettext_lazy("region of the world", "Atlantic"),
    "Australia": pgettext_lazy("region of the world", "Australia"),
    "Europe": pgettext_lazy("region of the world", "Europe"),
    "Indian": pgettext_lazy("region of the world", "Indian Ocean"),
    "Pacific": pgettext_lazy("region of the world", "Pacific"),
}
# Only these have another short name in a language of ours.
_ABBREVIATIONS = {
    "CET": pgettext_lazy("time zone", "CET"),
    "CEST": pgettext_lazy("time zone", "CEST"),
    "EET": pgettext_lazy("time zone", "EET"),
    "EEST": pgettext_lazy("time zone", "EEST"),
    "WET": pgettext_lazy("time zone", "WET"),
    "WEST": pgettext_lazy("time zone", "WEST"),
}


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
    return f"{clock_time(local)} ({zone_label(local, zone_name)})"


def clock_time(local: datetime) -> str:
    """The time of day alone, within a sentence: `10:00`."""
    return date_text(local, pgettext("time format, within a sentence", "H:i"))


def in_short(instant: datetime, zone_name: str) -> str:
    """For a text message: `Tue 2 Mar 2027, 10:00 (Europe/Berlin, CET)`."""
    local = instant.astimezone(zone(zone_name))
    day = date_text(local, pgettext("date format, short", "D j M Y"))
    return f"{day}, {time_in_words(instant, zone_name)}"


def zone_abbreviation(local: datetime) -> str:
    """`CET`; `UTC+05:45` for zones without a name of their own. For a line under a label that names the zone."""
    abbreviation = local.tzname() or ""
    if abbreviation[:1] in ("+", "-"):
        minutes = f":{abbreviation[3:]}" if abbreviation[3:] else ""
        abbreviation = f"UTC{abbreviation[:3]}{minutes}"
    return str(_ABBREVIATIONS.get(abbreviation, abbreviation))


def zone_label(local: datetime, zone_name: str) -> str:
    """`Europe/Berlin, CET`: the abbreviation tells the two hours apart that a change repeats."""
    words, abbreviation = zone_in_words(zone_name), zone_abbreviation(local)
    return words if abbreviation in ("", zone_name) else f"{words}, {abbreviation}"


def zone_in_words(zone_name: str) -> str:
    """The name of the zone database, which is English; else region and place in the active language."""
    if _language() == _ENGLISH or "/" not in zone_name:
        return zone_name
    return f"{region_of(zone_name)}/{place_of(zone_name)}"


def region_of(zone_name: str) -> str:
    """`Europe` of `Europe/Berlin`; a zone without a place is its own region."""
    region = zone_name.partition("/")[0]
    return str(_REGIONS.get(region, region))


def place_of(zone_name: str) -> str:
    """`New York` of `America/New_York`, by the name the place has in the active language."""
    return _place_in(_language(), zone_name) if "/" in zone_name else zone_name


def _language() -> str:
    return (get_language() or settings.LANGUAGE_CODE).partition("-")[0]


@lru_cache(maxsize=2048)
def _place_in(language: str, zone_name: str) -> str:
    place = get_timezone_location(zone_name, locale=language, return_city=True)
    return place.replace("/", ", ")
