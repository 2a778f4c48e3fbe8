"""The dates ahead on which a doctor's weekly hours do not hold: their own hours, and time off."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from availability.models import MINUTES_PER_DAY, AvailabilityOverride, TimeOff
from availability.times import hours_in_words, time_in_words
from availability.values import OverrideValues
from organisations.models import Doctor

_MOST = 100


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date or a range that differs from the weekly pattern. `hours` never says why: the note stays in `row`."""

    row: AvailabilityOverride | TimeOff
    first: date
    last: date
    hours: str
    is_time_off: bool


def dates_ahead(doctor: Doctor, today: date) -> Sequence[DateRange]:
    """Those that are not over on the doctor's date, the nearest first; two queries."""
    overrides = AvailabilityOverride.objects.filter(doctor=doctor, date__gte=today)
    time_off = TimeOff.objects.filter(doctor=doctor, end_date__gte=today)
    found = [of_override(row) for row in overrides.order_by("date")[:_MOST]]
    found += [of_time_off(row) for row in time_off.order_by("start_date", "id")[:_MOST]]
    return sorted(found, key=lambda each: (each.first, each.last))


def of_override(row: AvailabilityOverride) -> DateRange:
    words = hours_in_words(OverrideValues.of(row).hours)
    return DateRange(row, row.date, row.date, words, is_time_off=False)


def of_time_off(row: TimeOff) -> DateRange:
    is_whole = (row.start_minute, row.end_minute) == (0, MINUTES_PER_DAY)
    span = f"from {time_in_words(row.start_minute)} to {time_in_words(row.end_minute)}"
    hours = "whole days" if is_whole else span
    return DateRange(row, row.start_date, row.end_date, hours, is_time_off=True)
