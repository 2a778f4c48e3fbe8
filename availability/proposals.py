"""Edits as functions of a schedule, so that an editor can say beforehand what they would leave outside."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date

from .values import OverrideValues, TimeOffValues, WindowValues
from .windows import Schedule

ScheduleChange = Callable[[Schedule], Schedule]


def changing_windows(
    *, without: Sequence[WindowValues] = (), adding: Sequence[WindowValues] = ()
) -> ScheduleChange:
    """Windows taken out, then windows put in. Raises Invalid at once for values that cannot be."""
    gone = {values.as_weekly_window() for values in without}
    new = tuple(values.checked().as_weekly_window() for values in adding)

    def change(schedule: Schedule) -> Schedule:
        kept = tuple(window for window in schedule.pattern.weekly if window not in gone)
        return replace(schedule, pattern=replace(schedule.pattern, weekly=kept + new))

    return change


def changing_date(day: date, to: OverrideValues | None) -> ScheduleChange:
    """The date's override replaced by another one, or taken away (None)."""
    new = () if to is None else (to.checked().as_override(),)

    def change(schedule: Schedule) -> Schedule:
        gone = {day.toordinal(), *(override.date for override in new)}
        kept = tuple(each for each in schedule.pattern.overrides if each.date not in gone)
        return replace(schedule, pattern=replace(schedule.pattern, overrides=kept + new))

    return change


def changing_time_off(
    *, without: Sequence[TimeOffValues] = (), adding: Sequence[TimeOffValues] = ()
) -> ScheduleChange:
    """Time off taken out, then put in."""
    gone = {values.as_absence() for values in without}
    new = tuple(values.checked().as_absence() for values in adding)

    def change(schedule: Schedule) -> Schedule:
        kept = tuple(absence for absence in schedule.time_off if absence not in gone)
        return replace(schedule, time_off=kept + new)

    return change
