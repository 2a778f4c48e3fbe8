"""What another time zone would do to a doctor's visits and hours, said before it is saved."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime, timedelta

from appointments import coverage
from appointments.models import Appointment
from availability.models import AvailabilityOverride, TimeOff
from availability.values import WindowValues
from common.clock import zone
from common.local_time import zone_label
from organisations.models import Doctor

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Effect:
    """`example` is the first hour of the week, there and by the clock left behind; None without hours."""

    timezone: str
    upcoming: int
    next_visits: Sequence[datetime]
    windows: Sequence[str]
    dates: int
    example: tuple[str, str] | None
    outside_now: int
    outside_then: int

    @property
    def more_windows(self) -> int:
        return max(0, len(self.windows) - SHOWN)

    @property
    def first_windows(self) -> Sequence[str]:
        return self.windows[:SHOWN]


def upcoming_of(doctor: Doctor, now: datetime) -> int:
    """How many visits lie ahead; one query."""
    return Appointment.objects.of(doctor.organisation).filter(doctor=doctor).upcoming(now).count()


def effect_of(doctor: Doctor, timezone: str, *, now: datetime) -> Effect:
    """A constant number of queries, whatever lies ahead. Changes nothing."""
    moved = copy(doctor)
    moved.timezone = timezone
    visits = Appointment.objects.of(doctor.organisation).filter(doctor=doctor).upcoming(now)
    windows = list(doctor.availability_windows.order_by("weekday", "start_minute"))
    first_minute = windows[0].start_minute if windows else None
    return Effect(
        timezone=timezone,
        upcoming=visits.count(),
        next_visits=list(
            visits.order_by("starts_at", "uid").values_list("starts_at", flat=True)[:SHOWN]
        ),
        windows=[WindowValues.of(window).in_words() for window in windows],
        dates=_dates_ahead(doctor, now),
        example=None if first_minute is None else _example(first_minute, moved, doctor, now),
        outside_now=len(coverage.outside_hours(doctor, now=now)),
        outside_then=len(coverage.outside_hours(moved, now=now)),
    )


def _dates_ahead(doctor: Doctor, now: datetime) -> int:
    """Dates with hours of their own and time off, which keep their dates, too."""
    today = now.astimezone(zone(doctor.timezone)).date()
    overrides = AvailabilityOverride.objects.filter(doctor=doctor, date__gte=today)
    absences = TimeOff.objects.filter(doctor=doctor, end_date__gte=today)
    return overrides.count() + absences.count()


def _example(minute: int, moved: Doctor, doctor: Doctor, now: datetime) -> tuple[str, str]:
    midnight = now.astimezone(zone(moved.timezone)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    there = (midnight + timedelta(minutes=minute)).replace(fold=0)
    here = there.astimezone(zone(doctor.timezone))
    return tuple(  # type: ignore[return-value]  # two of them
        f"{local:%H:%M} ({zone_label(local, name)})"
        for local, name in ((there, moved.timezone), (here, doctor.timezone))
    )
