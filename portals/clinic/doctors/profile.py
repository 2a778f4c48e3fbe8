"""Everything the page of one doctor says, gathered in a stated number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.db.models import Count, Exists, OuterRef, Q

from appointments import coverage
from appointments.models import Appointment, AppointmentType, AppointmentTypeDoctor
from availability.models import AvailabilityOverride, BookingStop, TimeOff
from availability.times import hours_in_words, time_in_words
from availability.values import OverrideValues
from common.clock import zone
from organisations.models import Doctor
from portals.changes import Change, latest
from portals.dates import preset
from portals.dates import today as today_in
from portals.week import Week, week_of

from .queries import stops_in_force

OUTSIDE_AT_FIRST = 6
_MOST_AHEAD = 30


@dataclass(frozen=True, slots=True)
class DateRange:
    """A date or a range that differs from the weekly pattern. `time_off` never says why: the note stays."""

    first: date
    last: date
    hours: str
    is_time_off: bool


@dataclass(frozen=True, slots=True)
class Visits:
    """`today` counts in the zone of the page, as the list it leads to does."""

    today: int
    upcoming: int
    outside: Sequence[Appointment]

    @property
    def outside_first(self) -> Sequence[Appointment]:
        return self.outside[:OUTSIDE_AT_FIRST]

    @property
    def outside_rest(self) -> Sequence[Appointment]:
        """Folded away on the page."""
        return self.outside[OUTSIDE_AT_FIRST:]


@dataclass(frozen=True, slots=True)
class Profile:
    """`today` is the doctor's local date; `types` are those of the clinic, the doctor's own first."""

    doctor: Doctor
    email: str
    today: date
    types: Sequence[AppointmentType]
    week: Week
    ahead: Sequence[DateRange]
    stop: BookingStop | None
    visits: Visits
    changes: Sequence[Change]

    @property
    def offered(self) -> list[AppointmentType]:
        return [kind for kind in self.types if getattr(kind, "is_offered", False)]

    @property
    def ask_url(self) -> str:
        """A mail to the doctor, begun: it names no patient. "" where there is no address."""
        return ask_to_change(self.doctor, self.email) if self.email else ""


def email_of(doctor: Doctor) -> str:
    """Where mail to the doctor goes: their own address, else the one they sign in with."""
    return doctor.email or (doctor.user.email if doctor.user else "")


def ask_to_change(doctor: Doctor, email: str) -> str:
    body = f"Hello {doctor.display_name},\n\nplease look at your availability in the doctor portal:\n\n"
    subject = quote("Your availability")
    return f"mailto:{quote(email, safe='@')}?subject={subject}&body={quote(body)}"


def profile_of(doctor: Doctor, *, zone_name: str, now: datetime) -> Profile:
    """Eight queries, and one more where visits lie ahead. `doctor` comes with user and organisation."""
    today = now.astimezone(zone(doctor.timezone)).date()
    return Profile(
        doctor=doctor,
        email=email_of(doctor),
        today=today,
        types=_types(doctor),
        week=week_of(doctor.availability_windows.all(), today=today),
        ahead=_ahead(doctor, today),
        stop=stops_in_force(now).filter(doctor=doctor).first(),
        visits=_visits(doctor, zone_name, now),
        changes=latest(doctor),
    )


def _types(doctor: Doctor) -> list[AppointmentType]:
    offers = AppointmentTypeDoctor.objects.filter(doctor=doctor, appointment_type=OuterRef("pk"))
    types = AppointmentType.objects.of(doctor.organisation).annotate(is_offered=Exists(offers))
    return list(types.order_by("-is_offered", "-is_active", "name", "uid"))


def _ahead(doctor: Doctor, today: date) -> list[DateRange]:
    """Overrides and time off that are not over, the nearest first."""
    overrides = AvailabilityOverride.objects.filter(doctor=doctor, date__gte=today)
    time_off = TimeOff.objects.filter(doctor=doctor, end_date__gte=today)
    found = [_override(row) for row in overrides.order_by("date")[:_MOST_AHEAD]]
    found += [_time_off(row) for row in time_off.order_by("start_date", "id")[:_MOST_AHEAD]]
    return sorted(found, key=lambda row: (row.first, row.last))


def _override(row: AvailabilityOverride) -> DateRange:
    words = hours_in_words(OverrideValues.of(row).hours)
    return DateRange(row.date, row.date, words, is_time_off=False)


def _time_off(row: TimeOff) -> DateRange:
    is_whole = (row.start_minute, row.end_minute) == (0, 1440)
    span = f"from {time_in_words(row.start_minute)} to {time_in_words(row.end_minute)}"
    return DateRange(
        row.start_date, row.end_date, "whole days" if is_whole else span, is_time_off=True
    )


def _visits(doctor: Doctor, zone_name: str, now: datetime) -> Visits:
    since, until = preset("today", today_in(now, zone_name)).bounds(zone_name)
    ahead = Appointment.objects.of(doctor.organisation).filter(doctor=doctor).upcoming(now)
    counted = ahead.aggregate(
        today=Count("pk", filter=Q(starts_at__gte=since, starts_at__lt=until)), all=Count("pk")
    )
    outside = coverage.outside_hours(doctor, now=now)
    return Visits(counted["today"], counted["all"], outside)
