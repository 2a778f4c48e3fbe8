"""What saving a form would do, said while it is typed: in words, what overlaps, which visits would be outside."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from appointments.coverage import newly_outside_hours, outside_hours
from appointments.models import Appointment
from availability import proposals
from availability.models import MINUTES_PER_DAY, AvailabilityOverride, AvailabilityWindow, Weekday
from availability.times import date_in_words, hours_in_words, time_in_words
from availability.values import OverrideValues, TimeOffValues, WindowValues, overlapping
from availability.windows import closures
from common.clock import to_epoch
from common.intervals import meets
from organisations.models import Doctor
from portals.lengths import counted, hours_and_minutes


@dataclass(frozen=True, slots=True)
class Effect:
    """`words` say what would be; `visits` are those that would newly lie outside the hours, by start."""

    words: str = ""
    overlaps: Sequence[AvailabilityWindow] = ()
    visits: Sequence[Appointment] = ()
    outside: str = ""
    notes: Sequence[str] = field(default_factory=list)

    @property
    def overlap_uids(self) -> str:
        return " ".join(window.uid for window in self.overlaps)

    @property
    def overlap_words(self) -> str:
        return " and ".join(WindowValues.of(window).in_words() for window in self.overlaps)


def of_window(
    doctor: Doctor,
    values: WindowValues,
    *,
    now: datetime,
    replacing: AvailabilityWindow | None = None,
) -> Effect:
    """Three statements; one where it overlaps, for then it cannot be saved."""
    others = [row for row in windows_of(doctor) if replacing is None or row.pk != replacing.pk]
    words = in_full(values)
    if overlaps := overlapping(values, others):
        return Effect(words, overlaps)
    without = [WindowValues.of(replacing)] if replacing else []
    change = proposals.changing_windows(without=without, adding=[values])
    return _told(words, newly_outside_hours(doctor, now=now, schedule_change=change))


def of_copy(doctor: Doctor, from_weekday: int, to_weekdays: Iterable[int], now: datetime) -> Effect:
    """Three statements."""
    rows = windows_of(doctor)
    targets = sorted(set(to_weekdays) - {from_weekday})
    sources = [row for row in rows if row.weekday == from_weekday]
    gone = [row for row in rows if row.weekday in targets]
    copies = [
        WindowValues(day, row.start_minute, row.end_minute, row.valid_from, row.valid_until)
        for day in targets
        for row in sources
    ]
    change = proposals.changing_windows(
        without=[WindowValues.of(row) for row in gone], adding=copies
    )
    kept = [row for row in rows if row.weekday not in targets]
    overlaps = {row.pk: row for copy in copies for row in overlapping(copy, kept)}
    if overlaps:
        return Effect("", list(overlaps.values()))
    notes = [f"Replaces {WindowValues.of(row).in_words()}." for row in gone]
    told = _told(
        _copied(from_weekday, targets), newly_outside_hours(doctor, now=now, schedule_change=change)
    )
    return Effect(told.words, (), told.visits, told.outside, notes)


def _copied(from_weekday: int, targets: Sequence[int]) -> str:
    names = [str(Weekday(day).label) for day in targets]
    listed = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    return f"{listed} will be as {Weekday(from_weekday).label} is." if names else ""


def of_override(doctor: Doctor, values: OverrideValues, now: datetime) -> Effect:
    """Two statements, and one for the hours the date has already."""
    change = proposals.changing_date(values.date, values)
    words = f"{values.date:%A, %-d %B %Y}: {hours_in_words(values.hours)}."
    return _told(words, newly_outside_hours(doctor, now=now, schedule_change=change))


def of_time_off(
    doctor: Doctor, values: TimeOffValues, now: datetime, *, replacing: TimeOffValues | None = None
) -> Effect:
    """`visits` are all that lie inside, also those that were outside the hours before. Two statements."""
    without = [replacing] if replacing else []
    change = proposals.changing_time_off(without=without, adding=[values])
    [closed] = closures(doctor.timezone, [values.as_absence()]) or [(0, 0)]
    inside = [
        visit
        for visit in outside_hours(doctor, now=now, schedule_change=change)
        if meets([closed], to_epoch(visit.starts_at), to_epoch(visit.ends_at))
    ]
    lie = "lies" if len(inside) == 1 else "lie"
    outside = f"{counted(len(inside), 'booked visit')} {lie} inside." if inside else ""
    return Effect(span_in_words(values), (), inside, outside or "No booked visit lies inside.")


def windows_of(doctor: Doctor) -> list[AvailabilityWindow]:
    rows = AvailabilityWindow.objects.of(doctor.organisation).filter(doctor=doctor)
    return list(rows.order_by("weekday", "start_minute", "id"))


def override_on(doctor: Doctor, values: OverrideValues) -> AvailabilityOverride | None:
    rows = AvailabilityOverride.objects.of(doctor.organisation)
    return rows.filter(doctor=doctor, date=values.date).one_or_none()


def in_full(values: WindowValues) -> str:
    """`Tuesday 22:00 to Wednesday 02:00: 4 h, ends next day.`"""
    day = str(Weekday(values.weekday).label)
    length = hours_and_minutes(values.end_minute - values.start_minute)
    start, end = time_in_words(values.start_minute), values.end_minute
    if end <= MINUTES_PER_DAY:
        return f"{day} {start} to {time_in_words(end)}: {length}."
    next_day = Weekday((values.weekday + 1) % 7).label
    return f"{day} {start} to {next_day} {time_in_words(end - MINUTES_PER_DAY)}: {length}, ends next day."


def span_in_words(values: TimeOffValues) -> str:
    first, last = date_in_words(values.start_date), date_in_words(values.end_date)
    if (values.start_minute, values.end_minute) == (0, MINUTES_PER_DAY):
        days = (values.end_date - values.start_date).days + 1
        return f"{first}: the whole day." if days == 1 else f"{first} to {last}: {days} whole days."
    return f"{first} {time_in_words(values.start_minute)} to {last} {time_in_words(values.end_minute)}."


def _told(words: str, visits: Sequence[Appointment]) -> Effect:
    outside = ""
    if visits:
        falls = "falls" if len(visits) == 1 else "fall"
        outside = f"{counted(len(visits), 'booked visit')} {falls} outside your hours then."
    return Effect(words, (), visits, outside)
