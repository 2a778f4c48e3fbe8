"""Local times and dates in bodies and answers: `"monday"`, `"09:30"`, `"24:00"`, `"2027-03-01"`."""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated, Literal, TypeVar

from pydantic import BeforeValidator, Field, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.auth import KeyCaller
from api.errors import found
from availability.errors import Stale
from availability.models import MINUTES_PER_DAY, AvailabilityOverride, AvailabilityWindow, TimeOff

WeekdayName = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[WeekdayName, ...] = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_TIME = "([01][0-9]|2[0-3]):[0-5][0-9]"
_DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
StartTime = Annotated[StrictStr, Field(pattern=f"^{_TIME}$", description="Local, HH:MM.")]
EndTime = Annotated[StrictStr, Field(pattern=f"^({_TIME}|24:00)$", description="To 24:00.")]
Row = TypeVar("Row", AvailabilityWindow, AvailabilityOverride, TimeOff)


def _calendar_date(value: object) -> date:
    if not isinstance(value, str) or not re.fullmatch(_DATE, value):
        raise PydanticCustomError("date", "This must be a date such as 2027-03-01.")
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("date", "This is no date of the calendar.") from None


LocalDate = Annotated[
    date,
    BeforeValidator(_calendar_date),
    WithJsonSchema({"type": "string", "format": "date", "pattern": _DATE}),
]


def minute_of(text: str) -> int:
    """Minutes since midnight of a time that has the form."""
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def time_of(minute: int) -> str:
    """As it was given: an end on the next day is that day's time."""
    shown = minute if minute <= MINUTES_PER_DAY else minute - MINUTES_PER_DAY
    return f"{shown // 60:02}:{shown % 60:02}"


def find_row(model: type[Row], caller: KeyCaller, doctor_uid: str, uid: str) -> Row:
    """A doctor's window, override or time off, with whom its verb tells; else the 404."""
    rows = model._default_manager.filter(organisation=caller.organisation, doctor__uid=doctor_uid)
    rows = rows.select_related("doctor__user", "doctor__organisation")
    return found(rows.filter(uid=uid).one_or_none())


def edited(find: Callable[[], Row], edit: Callable[[Row], Row]) -> Row:
    """`edit` of the row as it is stored, found again as often as somebody else was quicker.

    So two PATCHes that name different fields both hold. `find` raises the 404 once it is gone.
    """
    while True:
        row = find()
        try:
            return edit(row)
        except Stale:
            continue
