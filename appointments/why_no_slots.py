"""Answers "why is there no slot on this day?" in terms a person can act on."""

from collections.abc import Sequence
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
    if not offering(appointment_type, doctor).exists():
        return [Reason("not_offered")]
    rules = Rules.of(appointment_type, now)
    day = (
        instant(doctor.timezone, date.toordinal(), 0),
        instant(doctor.timezone, date.toordinal() + 1, 0),
    )
    row = (doctor.pk, doctor.uid, doctor.timezone)
    (candidate,) = with_schedules([row], start=day[0], end=day[1] + rules.duration, now=now)
    reasons = [Reason("stopped")] if candidate.schedule.is_stopped else []
    starts = _starts_of_day(candidate, rules, day)
    if not starts:
        return [*reasons, Reason("outside_hours", *day)]
    return [
        *reasons,
        *_bounds(starts, rules, day),
        *_time_off(starts, rules, candidate),
        *_visits(starts, rules, doctor, now),
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


def _visits(starts: Sequence[int], rules: Rules, doctor: Doctor, now: datetime) -> list[Reason]:
    since = starts[0] - rules.buffer_before
    visits = (
        Appointment.objects.of(doctor.organisation)
        .with_status_now([Status.HELD, Status.CONFIRMED], now)
        .filter(
            doctor=doctor,
            blocked_from__gte=from_epoch(since - LONGEST_BLOCK_SECONDS),
            blocked_from__lt=from_epoch(starts[-1] + rules.duration + rules.buffer_after),
            blocked_until__gt=from_epoch(since),
        )
        .order_by("blocked_from")
    )
    return [
        _reason_of(visit)
        for visit in visits
        if len(rules.without_taken(starts, [_span_of(visit)])) < len(starts)
    ]


def _span_of(visit: Appointment) -> Interval:
    return to_epoch(visit.blocked_from), to_epoch(visit.blocked_until)


def _reason_of(visit: Appointment) -> Reason:
    if visit.status == Status.CONFIRMED:
        return Reason("booked", *_span_of(visit), appointment_uid=visit.uid)
    held_until = epoch_or_none(visit.hold_expires_at)
    return Reason("held", *_span_of(visit), held_until=held_until, appointment_uid=visit.uid)
