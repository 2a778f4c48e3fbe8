"""Times of day as every slot picker says them: the parts of a day, labels, midnights, and reading a start."""

from datetime import date, datetime, time

from django.utils.translation import gettext_lazy

from common.clock import from_epoch, to_epoch, zone

# (name, its hours)
PARTS = (
    (gettext_lazy("Night"), range(6)),
    (gettext_lazy("Morning"), range(6, 12)),
    (gettext_lazy("Afternoon"), range(12, 18)),
    (gettext_lazy("Evening"), range(18, 24)),
)


def read_instant(text: str) -> datetime | None:
    """Epoch seconds from a query or a form; None for anything else."""
    if text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= 4_102_444_800:
        return from_epoch(int(text))
    return None


def midnight(day: date, zone_name: str) -> int:
    """When the local date begins, in epoch seconds; where its midnight is skipped, the first hour there is."""
    return to_epoch(datetime.combine(day, time(), zone(zone_name)))


def label_of(local: datetime) -> str:
    """The hour; with the zone's abbreviation in the hour that a change of clocks repeats."""
    is_repeated = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{local:%H:%M %Z}" if is_repeated else f"{local:%H:%M}"
