"""The zones a patient chooses from, by region, in words of the active language."""

from collections.abc import Sequence

from common.clock import zone_names
from common.local_time import place_of, region_of

# Beside the regions people know themselves by, the zone database has older names and offsets.
_NOT_OF_PEOPLE = ("Etc", "SystemV", "US", "Brazil", "Canada", "Chile", "Mexico")

Zones = Sequence[tuple[str, Sequence[tuple[str, str]]]]


def zones_by_region(current: str) -> Zones:
    """(region, its zones as value and words), both sorted as read; the current one is among them.

    A place that has several names (Kolkata, Calcutta) comes once: as it is now, or as the newer one.
    """
    regions: dict[str, dict[str, str]] = {}
    for name in sorted(zone_names()):
        region, _, place = name.partition("/")
        is_of_people = place and region not in _NOT_OF_PEOPLE
        if not (is_of_people or name in ("UTC", current)):
            continue
        places, words = regions.setdefault(region_of(name), {}), place_of(name)
        is_named_so = place.replace("_", " ") == words
        if words not in places or name == current or (is_named_so and places[words] != current):
            places[words] = name
    return [
        (region, [(name, words) for words, name in sorted(places.items())])
        for region, places in sorted(regions.items())
    ]
