"""Answers "why is there no slot on this day?" in terms a person can act on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from appointments.busy import LONGEST_BLOCK_SECONDS
from appointments.models import Appointment, AppointmentType
from appointments.offers import Candidate, Rules, offering, with_schedules
from appointments.status import Status
from availability.slots import grid_starts
from availability.windows import expand, instant
from common.clock import epoch_or_none, from_epoch, to_epoch
from common.intervals import Interval
from organisations.models import Doctor


@dataclass(frozen=True, slots=True)
class Reason:
    """What takes starts of the day away, from when until when (epoch seconds).

    `code` is one of not_offered stopped notice horizon time_off outside_hours booked held; the span
    of a visit includes its buffers. `held_until` is set for `held`.
    """

    code: str
    starts_at: int | None = None
    ends_at: int | None = None
    held_until: int | None = None
    appointment_uid: str = ""


def why_no_slots(
    appointment_type: AppointmentType, doctor: Doctor, date: date, now: datetime
) -> list[Reason]:
    """Everything that takes starts away on that date in the doctor's zone; [] when nothing does.

    In the order of the rules: what stops all first, then spans by time. Three statements.
    """
    return reasons_by_day(appointment_type, doctor, [date], now)[date]


def reasons_by_day(
    appointment_type: AppointmentType, doctor: Doctor, days: Sequence[date], now: datetime
) -> dict[date, list[Reason]]:
    """The same for each of the dates, which come in order: three statements, however many they are."""
    if not offering(appointment_type, doctor).exists():
        return {day: [Reason("not_offered")] for day in days}
    rules = Rules.of(appointment_type, now)
    spans = {day: _span_of_day(doctor, day) for day in days}
    row = (doctor.pk, doctor.uid, doctor.timezone)
    start, end = spans[days[0]][0], spans[days[-1]][1] + rules.duration
    (candidate,) = with_schedules([row], start=start, end=end, now=now)
    grids = {day: _starts_of_day(candidate, rules, span) for day, span in spans.items()}
    visits = _visits(grids.values(), rules, doctor, now)
    return {
        day: _reasons(candidate, rules, span, grids[day], visits) for day, span in spans.items()
    }


def _span_of_day(doctor: Doctor, day: date) -> Interval:
    start, end = (instant(doctor.timezone, day.toordinal() + ahead, 0) for ahead in (0, 1))
    return start, end


def _reasons(
    candidate: Candidate,
    rules: Rules,
    day: Interval,
    starts: Sequence[int],
    visits: Sequence[Appointment],
) -> list[Reason]:
    reasons = [Reason("stopped")] if candidate.schedule.is_stopped else []
    if not starts:
        return [*reasons, Reason("outside_hours", *day)]
    return [
        *reasons,
        *_bounds(starts, rules, day),
        *_time_off(starts, rules, candidate),
        *(
            _reason_of(visit)
            for visit in visits
            if len(rules.without_taken(starts, [_span_of(visit)])) < len(starts)
        ),
    ]


def _starts_of_day(candidate: Candidate, rules: Rules, day: Interval) -> list[int]:
    """The day's grid by the hours alone."""
    return grid_starts(
        expand(candidate.schedule.pattern, day[0], day[1] + rules.duration),
        duration=rules.duration,
        interval=rules.interval,
        start=day[0],
        end=day[1],
    )


def _bounds(starts: Sequence[int], rules: Rules, day: Interval) -> list[Reason]:
    reasons = []
    if starts[0] < rules.earliest:
        reasons.append(Reason("notice", day[0], min(rules.earliest, day[1])))
    if starts[-1] > rules.latest:
        reasons.append(Reason("horizon", max(rules.latest, day[0]), day[1]))
    return reasons


def _time_off(starts: Sequence[int], rules: Rules, candidate: Candidate) -> list[Reason]:
    return [
        Reason("time_off", *span)
        for span in candidate.time_off
        if len(rules.without_closed(starts, [span])) < len(starts)
    ]


def _visits(
    grids: Iterable[Sequence[int]], rules: Rules, doctor: Doctor, now: datetime
) -> list[Appointment]:
    """Every visit that could take one of the starts; no statement without starts."""
    starts = [start for grid in grids for start in grid]
    if not starts:
        return []
    since = min(starts) - rules.buffer_before
    return list(
        Appointment.objects.of(doctor.organisation)
        .with_status_now([Status.HELD, Status.CONFIRMED], now)
        .filter(
            doctor=doctor,
            blocked_from__gte=from_epoch(since - LONGEST_BLOCK_SECONDS),
            blocked_from__lt=from_epoch(max(starts) + rules.duration + rules.buffer_after),
            blocked_until__gt=from_epoch(since),
        )
        .order_by("blocked_from")
    )


def _span_of(visit: Appointment) -> Interval:
    return to_epoch(visit.blocked_from), to_epoch(visit.blocked_until)


def _reason_of(visit: Appointment) -> Reason:
    if visit.status == Status.CONFIRMED:
        return Reason("booked", *_span_of(visit), appointment_uid=visit.uid)
    held_until = epoch_or_none(visit.hold_expires_at)
    return Reason("held", *_span_of(visit), held_until=held_until, appointment_uid=visit.uid)
