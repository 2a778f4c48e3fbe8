"""Which upcoming visits lie outside their doctor's hours, as they are or as an edit would make them.

Existing visits are never cancelled by an edit: an editor is told before saving how many fall outside,
and afterwards they are listed to keep, rebook or cancel. Those that are kept (`keeping`) are listed no more.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appointments.models import Appointment
from appointments.status import Status
from availability import schedules
from availability.proposals import ScheduleChange
from availability.windows import Schedule, closures, expand
from common.clock import to_epoch
from common.intervals import Interval, covers, subtract, union
from organisations.models import Doctor


def outside_hours(
    doctor: Doctor, *, now: datetime, schedule_change: ScheduleChange | None = None
) -> list[Appointment]:
    """The doctor's visits ahead that lie outside their windows or in time off and are not kept, by start.

    `schedule_change` (`availability.proposals`) is an edit not yet saved. Two statements.
    """
    return outside_hours_of([doctor], now=now, schedule_change=schedule_change)


def outside_hours_of(
    doctors: Sequence[Doctor], *, now: datetime, schedule_change: ScheduleChange | None = None
) -> list[Appointment]:
    """The same for several doctors of any organisation, in the same two statements."""
    visits, loaded = _ahead(doctors, now)
    return _outside(visits, _changed(loaded, schedule_change) if schedule_change else loaded)


def newly_outside_hours(
    doctor: Doctor, *, now: datetime, schedule_change: ScheduleChange
) -> list[Appointment]:
    """The doctor's visits ahead that lie within their hours now, and would no longer. Two statements."""
    visits, loaded = _ahead([doctor], now)
    before = {visit.uid for visit in _outside(visits, loaded)}
    after = _outside(visits, _changed(loaded, schedule_change))
    return [visit for visit in after if visit.uid not in before]


def _ahead(
    doctors: Sequence[Doctor], now: datetime
) -> tuple[list[Appointment], Mapping[int, Schedule]]:
    """What is booked or held and not kept, by start, and the doctors' hours that reach over all of it."""
    visits = list(
        Appointment.objects.for_display()
        .with_status_now([Status.HELD, Status.CONFIRMED], now)
        .filter(doctor__in=doctors, starts_at__gte=now, kept_outside_hours_at=None)
        .order_by("starts_at", "uid")
    )
    if not visits:
        return [], {}
    start, end = to_epoch(visits[0].starts_at), max(to_epoch(visit.ends_at) for visit in visits)
    zones = {doctor.pk: doctor.timezone for doctor in doctors}
    return visits, schedules.load(zones, start=start, end=end, now=now)


def _changed(loaded: Mapping[int, Schedule], change: ScheduleChange) -> Mapping[int, Schedule]:
    return {doctor: change(schedule) for doctor, schedule in loaded.items()}


def _outside(visits: list[Appointment], loaded: Mapping[int, Schedule]) -> list[Appointment]:
    outside = {booked.visit_uid for booked in uncovered(map(_booked, visits), loaded)}
    return [visit for visit in visits if visit.uid in outside]


@dataclass(frozen=True, slots=True)
class Booked:
    """The time a visit takes, in epoch seconds: all the question needs, where visits are many."""

    visit_uid: str
    doctor_id: int
    starts_at: int
    ends_at: int
    is_kept: bool = False


def uncovered(visits: Iterable[Booked], schedules: Mapping[int, Schedule]) -> list[Booked]:
    """Those that lie outside their doctor's hours and are not kept, in the order given. Asks nothing.

    `schedules` (doctor id to `availability.schedules.load`'s) must reach over all of the visits.
    """
    visits = list(visits)
    if not visits:
        return []
    start = min(visit.starts_at for visit in visits)
    end = max(visit.ends_at for visit in visits)
    doctors = {visit.doctor_id for visit in visits}
    opened = {doctor: open_hours(schedules[doctor], start, end) for doctor in doctors}
    return [
        visit
        for visit in visits
        if not visit.is_kept and not covers(opened[visit.doctor_id], visit.starts_at, visit.ends_at)
    ]


def open_hours(schedule: Schedule, start: int, end: int) -> list[Interval]:
    """When the doctor works: the windows that meet [start, end), less the time off. Stops do not count."""
    windows = union(expand(schedule.pattern, start, end))
    return subtract(windows, closures(schedule.pattern.timezone, schedule.time_off))


def _booked(visit: Appointment) -> Booked:
    return Booked(visit.uid, visit.doctor_id, to_epoch(visit.starts_at), to_epoch(visit.ends_at))
