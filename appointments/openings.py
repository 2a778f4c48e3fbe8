"""What the slot lists show: the bookable slots of a range, or when there is none, where to look next.

At most five statements, whatever the number of doctors and days.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypedDict

from appointments.models import Appointment, AppointmentType, RebookingMode
from appointments.offers import (
    Candidate,
    Rules,
    free_starts,
    offered_starts,
    offering,
    with_schedules,
)
from appointments.status import Status
from common.clock import to_epoch
from common.intervals import Interval

# Beyond an empty range a free start is usually near; whoever is booked out pays for the whole horizon.
_NEAR_SECONDS = 14 * 86_400


class ListedSlot(TypedDict):
    """A slot as it is answered. A plain dict: to make and write thousands of objects costs ten times more."""

    starts_at: int
    ends_at: int
    doctor_uid: str


@dataclass(frozen=True, slots=True)
class Openings:
    """`next_available_at` is told when there are no slots. `is_offered`: some doctor offers the type."""

    slots: list[ListedSlot] = field(default_factory=list)
    next_available_at: int | None = None
    is_offered: bool = False


@dataclass(frozen=True, slots=True)
class _Search:
    candidates: list[Candidate]
    rules: Rules
    now: datetime
    leaving_out: Appointment | None

    def free(self, start: int, end: int) -> dict[str, list[int]]:
        """Sorted free starts in [start, end) per doctor uid; the visit being moved keeps none of its own."""
        offered = offered_starts(self.candidates, self.rules, start, end)
        free = free_starts(offered, self.rules, now=self.now, leaving_out=self.leaving_out)
        if self.leaving_out and self.leaving_out.doctor_id in free:
            unchanged = to_epoch(self.leaving_out.starts_at)
            own = free[self.leaving_out.doctor_id]
            free[self.leaving_out.doctor_id] = [start for start in own if start != unchanged]
        return {each.uid: free[each.id] for each in self.candidates if free.get(each.id)}

    def first_after(self, after: int) -> int | None:
        for start, end in self._near_then_far(after):
            if free := self.free(start, end):
                return min(starts[0] for starts in free.values())
        return None

    def _near_then_far(self, after: int) -> Iterator[Interval]:
        start, end = self.rules.clip(after, self.rules.latest + 1)
        yield start, min(start + _NEAR_SECONDS, end)
        yield start + _NEAR_SECONDS, end


def openings(
    appointment_type: AppointmentType,
    *,
    start: int,
    end: int,
    now: datetime,
    doctor_uid: str | None = None,
    leaving_out: Appointment | None = None,
) -> Openings:
    """The slots with start <= starts_at < end, else the first bookable start at or after `end`.

    Epoch seconds. `leaving_out` is the visit being moved: its own time counts as free, but its own
    start with its own doctor is not listed, as moving it there is refused.
    """
    rules = Rules.of(appointment_type, now)
    doctors = offering(appointment_type, leaving_out=leaving_out)
    if doctor_uid is not None:
        doctors = doctors.filter(uid=doctor_uid)
    rows = list(doctors.values_list("id", "uid", "timezone"))
    first, last = rules.clip(start, rules.latest + 1)
    if not rows or last <= first:
        return Openings(is_offered=bool(rows))
    candidates = with_schedules(rows, start=first, end=last, now=now)
    search = _Search(candidates, rules, now, leaving_out)
    duration = appointment_type.duration_minutes * 60
    free = search.free(start, end)
    pairs = sorted((at, uid) for uid, starts in free.items() for at in starts)
    if pairs:
        slots: list[ListedSlot] = [
            {"starts_at": at, "ends_at": at + duration, "doctor_uid": uid} for at, uid in pairs
        ]
        return Openings(slots, None, True)
    return Openings([], search.first_after(end), True)


def rebooking_openings(
    appointment: Appointment, *, start: int, end: int, now: datetime, doctor_uid: str | None = None
) -> Openings:
    """The same for moving `appointment`, by its own mode and notice: what `rebook` would accept.

    `doctor_uid` asks for one of the doctors that an any_doctor visit may go to. Nothing when it is
    not confirmed or its rebooking notice has passed.
    """
    if appointment.status != Status.CONFIRMED or now > appointment.rebookable_until:
        return Openings()
    keeps_doctor = appointment.rebooking_mode == RebookingMode.SAME_DOCTOR
    return openings(
        appointment.appointment_type,
        start=start,
        end=end,
        now=now,
        doctor_uid=appointment.doctor.uid if keeps_doctor else doctor_uid,
        leaving_out=appointment,
    )
