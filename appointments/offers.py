"""The one predicate: which starts of which doctors an appointment type offers, and which are free.

Slot list, hold, rebook and "why no slots?" all ask here. Integer seconds throughout.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from django.db.models import Q, QuerySet

from appointments.busy import busy
from appointments.models import Appointment, AppointmentType
from availability import schedules
from availability.slots import grid_starts, without
from availability.windows import Pattern, Schedule, closures, expand
from common.clock import to_epoch
from common.intervals import Interval, covers, meets, union
from organisations.models import Doctor

# Why a start is never offered; the first that holds is the reason.
REASONS = (
    "not_offered",
    "stopped",
    "notice",
    "horizon",
    "time_off",
    "outside_hours",
    "off_grid",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """An appointment type's rules at one `now`, in seconds."""

    duration: int
    interval: int
    buffer_before: int
    buffer_after: int
    earliest: int
    latest: int

    @classmethod
    def of(cls, appointment_type: AppointmentType, now: datetime) -> Self:
        """`start == now + notice` is allowed, so a fraction of a second of `now` rounds up.

        Except for a start at `now` itself: nobody could hold it, for a hold ends when its visit starts.
        """
        first_whole_second = to_epoch(now) + (now.microsecond > 0)
        with_notice = first_whole_second + appointment_type.min_booking_notice_minutes * 60
        return cls(
            duration=appointment_type.duration_minutes * 60,
            interval=appointment_type.slot_interval_minutes * 60,
            buffer_before=appointment_type.buffer_before_minutes * 60,
            buffer_after=appointment_type.buffer_after_minutes * 60,
            earliest=max(with_notice, to_epoch(now) + 1),
            latest=to_epoch(now) + appointment_type.booking_horizon_days * 86_400,
        )

    def clip(self, start: int, end: int) -> Interval:
        """The part of [start, end) within notice and horizon; empty when its end is not after its start."""
        return max(start, self.earliest), min(end, self.latest + 1)

    def without_taken(self, starts: Sequence[int], taken: Sequence[Interval]) -> list[int]:
        """The starts whose padded range meets no other visit's padded range."""
        return without(
            starts, taken, before=self.buffer_before, after=self.duration + self.buffer_after
        )

    def without_closed(self, starts: Sequence[int], closed: Sequence[Interval]) -> list[int]:
        """The starts whose visit meets no time off; a buffer may lie in it."""
        return without(starts, closed, before=0, after=self.duration)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A doctor who offers the type, with the schedule of the range asked for."""

    id: int
    uid: str
    schedule: Schedule

    @property
    def time_off(self) -> list[Interval]:
        return closures(self.schedule.pattern.timezone, self.schedule.time_off)


def offering(
    appointment_type: AppointmentType,
    doctor: Doctor | None = None,
    *,
    leaving_out: Appointment | None = None,
) -> QuerySet[Doctor]:
    """The active doctors who offer it; none when the type or the organisation is deactivated.

    A booked visit (`leaving_out`) may still be moved when its type takes no new ones.
    """
    is_offered = Q(offers__appointment_type=appointment_type)
    if leaving_out is None:
        is_offered &= Q(offers__appointment_type__is_active=True)
    doctors = Doctor.objects.filter(
        is_offered, is_active=True, organisation__is_active=True
    ).order_by("uid")
    return doctors if doctor is None else doctors.filter(pk=doctor.pk)


def with_schedules(
    doctors: Sequence[tuple[int, str, str]], *, start: int, end: int, now: datetime
) -> list[Candidate]:
    """Candidates of (id, uid, zone name) with what [start, end) needs; one statement, none for nobody."""
    if not doctors:
        return []
    loaded = schedules.load({pk: zone for pk, _, zone in doctors}, start=start, end=end, now=now)
    return [Candidate(pk, uid, loaded[pk]) for pk, uid, _ in doctors]


def offered_starts(
    candidates: Sequence[Candidate], rules: Rules, start: int, end: int
) -> dict[int, list[int]]:
    """Per doctor id the starts in [start, end) that are offered, whether or not they are taken.

    Doctors with equal patterns share one expansion of their windows.
    """
    start, end = rules.clip(start, end)
    grids: dict[Pattern, list[int]] = {}
    offered: dict[int, list[int]] = {}
    for candidate in candidates:
        pattern = candidate.schedule.pattern
        if end <= start or candidate.schedule.is_stopped:
            continue
        starts = grids.get(pattern)
        if starts is None:
            starts = grids[pattern] = grid_starts(
                expand(pattern, start, end + rules.duration),
                duration=rules.duration,
                interval=rules.interval,
                start=start,
                end=end,
            )
        if candidate.schedule.time_off:
            starts = rules.without_closed(starts, candidate.time_off)
        if starts:
            offered[candidate.id] = starts
    return offered


def free_starts(
    offered: Mapping[int, Sequence[int]],
    rules: Rules,
    *,
    now: datetime,
    leaving_out: Appointment | None = None,
) -> dict[int, list[int]]:
    """Per doctor id the offered starts that nobody has held or booked; one statement, none for nothing."""
    if not offered:
        return {}
    taken = busy(
        list(offered),
        start=min(starts[0] for starts in offered.values()) - rules.buffer_before,
        end=max(starts[-1] for starts in offered.values()) + rules.duration + rules.buffer_after,
        now=now,
        leaving_out=leaving_out,
    )
    return {
        doctor: rules.without_taken(starts, taken.get(doctor, ()))
        for doctor, starts in offered.items()
    }


def reason_against(candidate: Candidate, rules: Rules, start: int) -> str:
    """Why this doctor does not offer a visit at `start`, which `offered_starts` has left out."""
    end = start + rules.duration
    if candidate.schedule.is_stopped:
        return "stopped"
    if start < rules.earliest:
        return "notice"
    if start > rules.latest:
        return "horizon"
    if meets(candidate.time_off, start, end):
        return "time_off"
    if not covers(union(expand(candidate.schedule.pattern, start, end)), start, end):
        return "outside_hours"
    return "off_grid"
