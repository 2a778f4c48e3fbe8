"""Everything the page of one doctor says, gathered in a stated number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import quote

from django.db.models import Count, Exists, OuterRef, Q

from appointments import coverage
from appointments.models import Appointment, AppointmentType, AppointmentTypeDoctor
from availability.models import BookingStop
from common.clock import zone
from organisations.models import Doctor
from portals.changes import Change, latest
from portals.dates import preset
from portals.dates import today as today_in
from portals.dates_ahead import DateRange, dates_ahead
from portals.week import Week, week_of

from .queries import stops_in_force

OUTSIDE_AT_FIRST = 6


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


def profile_of(doctor: Doctor, *, zone_name: str, now: datetime, first_weekday: int) -> Profile:
    """Eight queries, and one more where visits lie ahead. `doctor` comes with user and organisation."""
    today = now.astimezone(zone(doctor.timezone)).date()
    return Profile(
        doctor=doctor,
        email=email_of(doctor),
        today=today,
        types=_types(doctor),
        week=week_of(doctor.availability_windows.all(), today=today, first_weekday=first_weekday),
        ahead=dates_ahead(doctor, today),
        stop=stops_in_force(now).filter(doctor=doctor).first(),
        visits=_visits(doctor, zone_name, now),
        changes=latest(doctor),
    )


def _types(doctor: Doctor) -> list[AppointmentType]:
    offers = AppointmentTypeDoctor.objects.filter(doctor=doctor, appointment_type=OuterRef("pk"))
    types = AppointmentType.objects.of(doctor.organisation).annotate(is_offered=Exists(offers))
    return list(types.order_by("-is_offered", "-is_active", "name", "uid"))


def _visits(doctor: Doctor, zone_name: str, now: datetime) -> Visits:
    since, until = preset("today", today_in(now, zone_name)).bounds(zone_name)
    ahead = Appointment.objects.of(doctor.organisation).filter(doctor=doctor).upcoming(now)
    counted = ahead.aggregate(
        today=Count("pk", filter=Q(starts_at__gte=since, starts_at__lt=until)), all=Count("pk")
    )
    outside = coverage.outside_hours(doctor, now=now)
    return Visits(counted["today"], counted["all"], outside)
