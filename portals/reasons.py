""" "Why no slots?": what takes a day's starts away, in words, and which starts are left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse

from appointments import slots
from appointments.models import AppointmentType
from appointments.why_no_slots import Reason, why_no_slots
from availability.windows import instant
from common.clock import from_epoch, zone
from organisations.models import Doctor
from portals.lengths import length


@dataclass(frozen=True, slots=True)
class Explanation:
    """`url` leads to the visit that takes the time; "" where there is none."""

    text: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """`free` are the starts a patient can still choose, as the doctor's clock shows them."""

    day: date
    appointment_type: AppointmentType
    reasons: Sequence[Explanation]
    free: Sequence[str]


def explain(
    appointment_type: AppointmentType, doctor: Doctor, day: date, now: datetime, *, visit_route: str
) -> Answer:
    """All times are the doctor's; `visit_route` is the portal's page of a visit. Up to six statements."""
    reasons = why_no_slots(appointment_type, doctor, day, now)
    midnights = [instant(doctor.timezone, day.toordinal() + ahead, 0) for ahead in (0, 1)]
    found = slots.bookable(
        appointment_type, start=midnights[0], end=midnights[1], now=now, doctor=doctor
    )
    return Answer(
        day=day,
        appointment_type=appointment_type,
        reasons=[
            _explanation(reason, appointment_type, doctor, day, visit_route) for reason in reasons
        ],
        free=[_clock(slot.starts_at, doctor, day) for slot in found],
    )


def _explanation(
    reason: Reason, appointment_type: AppointmentType, doctor: Doctor, day: date, visit_route: str
) -> Explanation:
    uid = reason.appointment_uid
    text = in_words(reason, appointment_type, doctor, day)
    return Explanation(text, reverse(visit_route, args=[uid]) if uid else "")


def in_words(reason: Reason, appointment_type: AppointmentType, doctor: Doctor, day: date) -> str:
    """One sentence; times are the doctor's, and another date than `day` is named."""
    span = ""
    if reason.starts_at is not None and reason.ends_at is not None:
        span = f"{_clock(reason.starts_at, doctor, day)} to {_clock(reason.ends_at, doctor, day)}"
    until = _clock(reason.held_until, doctor, day) if reason.held_until else ""
    return _TEXTS[reason.code](_Facts(appointment_type, doctor, span, until))


@dataclass(frozen=True, slots=True)
class _Facts:
    appointment_type: AppointmentType
    doctor: Doctor
    span: str
    until: str

    @property
    def notice(self) -> str:
        return length(self.appointment_type.min_booking_notice_minutes)


def _not_offered(facts: _Facts) -> str:
    if not facts.doctor.is_active:
        return f"{facts.doctor} is deactivated."
    if not facts.appointment_type.is_active:
        return f"{facts.appointment_type} is deactivated."
    return f"{facts.doctor} does not offer {facts.appointment_type}."


_TEXTS: dict[str, Callable[[_Facts], str]] = {
    "not_offered": _not_offered,
    "stopped": lambda facts: "New bookings are stopped.",
    "outside_hours": lambda facts: (
        "No hours that day in which a visit of"
        f" {facts.appointment_type.duration_minutes} minutes has room."
    ),
    "notice": lambda facts: (
        f"Too soon: {facts.span}. Bookings need {facts.notice} notice."
        if facts.appointment_type.min_booking_notice_minutes
        else f"Already over: {facts.span}."
    ),
    "horizon": lambda facts: (
        f"Too far ahead: {facts.span}. Bookings open"
        f" {facts.appointment_type.booking_horizon_days} days before."
    ),
    "time_off": lambda facts: f"Time off: {facts.span}.",
    "booked": lambda facts: f"Booked, with its buffers: {facts.span}.",
    "held": lambda facts: f"Held until {facts.until}, with its buffers: {facts.span}.",
}


def _clock(seconds: int, doctor: Doctor, day: date) -> str:
    """The time of day; another date than the one asked about is named."""
    local = from_epoch(seconds).astimezone(zone(doctor.timezone))
    if local.date() == day:
        return f"{local:%H:%M}"
    if local.date().toordinal() == day.toordinal() + 1 and local.hour == local.minute == 0:
        return "24:00"
    return f"{local:%-d %b %Y %H:%M}"
