"""Bookable slots: availability less what is taken. Every door asks these functions, so that they agree.

Instants are epoch seconds; the number of SQL statements does not depend on doctors or days.
"""

from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from appointments.models import Appointment, AppointmentType
from appointments.offers import (
    REASONS,
    Rules,
    free_starts,
    offered_starts,
    offering,
    reason_against,
    with_schedules,
)
from appointments.why_no_slots import Reason, why_no_slots
from common.clock import to_epoch
from organisations.models import Doctor

__all__ = [
    "Judgement",
    "Reason",
    "Slot",
    "bookable",
    "judge",
    "next_available",
    "starts_by_doctor",
    "why_no_slots",
]

_FIRST_CHUNK_SECONDS = 3 * 86_400


@dataclass(frozen=True, slots=True)
class Slot:
    starts_at: int
    ends_at: int
    doctor_uid: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who could take a visit at one start. `reason` is "" unless nobody offers it."""

    free: list[Doctor] = field(default_factory=list)
    busy: list[Doctor] = field(default_factory=list)
    reason: str = ""


def bookable(
    appointment_type: AppointmentType,
    *,
    start: int,
    end: int,
    now: datetime,
    doctor: Doctor | None = None,
    leaving_out: Appointment | None = None,
) -> list[Slot]:
    """The free slots with start <= starts_at < end, sorted by start, then doctor; three statements.

    `leaving_out` is a visit whose own time does not count as taken (the one being rebooked).
    """
    starts = starts_by_doctor(
        appointment_type, start=start, end=end, now=now, doctor=doctor, leaving_out=leaving_out
    )
    duration = appointment_type.duration_minutes * 60
    pairs = sorted((at, uid) for uid, of_doctor in starts.items() for at in of_doctor)
    return [Slot(at, at + duration, uid) for at, uid in pairs]


def starts_by_doctor(
    appointment_type: AppointmentType,
    *,
    start: int,
    end: int,
    now: datetime,
    doctor: Doctor | None = None,
    leaving_out: Appointment | None = None,
) -> dict[str, list[int]]:
    """The same slots as sorted starts per doctor uid, without an object each."""
    rules = Rules.of(appointment_type, now)
    start, end = rules.clip(start, end)
    if end <= start:
        return {}
    doctors = offering(appointment_type, doctor, leaving_out=leaving_out)
    rows = list(doctors.values_list("id", "uid", "timezone"))
    candidates = with_schedules(rows, start=start, end=end, now=now)
    offered = offered_starts(candidates, rules, start, end)
    free = free_starts(offered, rules, now=now, leaving_out=leaving_out)
    return {candidate.uid: free[candidate.id] for candidate in candidates if candidate.id in free}


def next_available(
    appointment_type: AppointmentType,
    *,
    after: int,
    now: datetime,
    doctor: Doctor | None = None,
    leaving_out: Appointment | None = None,
) -> int | None:
    """The first bookable start at or after `after` within notice and horizon, or None.

    Looks at chunks of days that double in length: two statements, and one per chunk (at most eight).
    """
    rules = Rules.of(appointment_type, now)
    start, end = rules.clip(after, rules.latest + 1)
    if end <= start:
        return None
    doctors = offering(appointment_type, doctor, leaving_out=leaving_out)
    rows = list(doctors.values_list("id", "uid", "timezone"))
    candidates = with_schedules(rows, start=start, end=end, now=now)
    length = _FIRST_CHUNK_SECONDS
    while start < end:
        offered = offered_starts(candidates, rules, start, min(start + length, end))
        free = free_starts(offered, rules, now=now, leaving_out=leaving_out)
        if firsts := [starts[0] for starts in free.values() if starts]:
            return min(firsts)
        start, length = start + length, length * 2
    return None


def judge(
    appointment_type: AppointmentType,
    *,
    starts_at: datetime,
    now: datetime,
    doctor: Doctor | None = None,
    leaving_out: Appointment | None = None,
) -> Judgement:
    """Who could take a visit at `starts_at`: exactly the doctors whose slot `bookable` lists are free.

    When none of several offers it, the reason is the last in the order of REASONS: of who came nearest.
    """
    rules = Rules.of(appointment_type, now)
    start = to_epoch(starts_at)
    # Put in order here: Django compares every column to find what to sort by.
    unsorted = offering(appointment_type, doctor, leaving_out=leaving_out).order_by()
    doctors = sorted(unsorted, key=attrgetter("uid"))
    if not doctors:
        return Judgement(reason="not_offered")
    # A start beyond notice or horizon needs no schedule of its own time; it may lie anywhere.
    within = min(max(start, rules.earliest), rules.latest)
    rows = [(each.pk, each.uid, each.timezone) for each in doctors]
    candidates = with_schedules(rows, start=within, end=within + rules.duration, now=now)
    offered = {} if starts_at.microsecond else offered_starts(candidates, rules, start, start + 1)
    if not offered:
        reasons = (reason_against(candidate, rules, start) for candidate in candidates)
        return Judgement(reason=max(reasons, key=REASONS.index))
    free = free_starts(offered, rules, now=now, leaving_out=leaving_out)
    return Judgement(
        free=[each for each in doctors if free.get(each.pk)],
        busy=[each for each in doctors if each.pk in free and not free[each.pk]],
    )
