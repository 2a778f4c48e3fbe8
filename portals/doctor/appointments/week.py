"""The doctor's week: seven days, begun as the reader's locale begins one, each with its visits in order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from appointments.status import ACTIVE, OVER, Status
from common.clock import zone as zone_of
from portals.dates import EARLIEST, LATEST, midnight, read_date, today
from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import PORTAL, own_visits
from portals.rendering import page
from portals.toasts import toast
from portals.visits.rows import visit_url
from portals.week import first_weekday_of

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Entry:
    """A visit as the week shows it: its local date and hours as text (a template would say UTC), its page."""

    visit: Appointment
    date: date
    hours: str
    status: Status
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    date: date
    is_today: bool
    entries: Sequence[Entry]


@doctor_page
@require_safe
def week(request: DoctorRequest) -> HttpResponse:
    """The week of `?date=`, else the present one."""
    now, zone = request.now, request.zone
    current = today(now, zone)
    given = request.GET.get("date", "")
    shown = read_date(given) if given else current
    if shown is None:
        toast(request, "That is no date that can be shown. This is the present week.", tone="warn")
        shown = current
    ahead = (shown.weekday() - first_weekday_of(request)) % 7
    first = max(shown - timedelta(days=ahead), EARLIEST)
    context = {
        "first": first,
        "last": first + timedelta(days=6),
        "days": _days(request, first, current),
        "is_present": first <= current < first + _WEEK,
        "previous_url": week_url(max(first - _WEEK, EARLIEST)),
        "next_url": week_url(min(first + _WEEK, LATEST)),
    }
    return page(request, "portals/doctor/appointments/week.html", context, part="week")


def week_url(shown: date) -> str:
    return f"{reverse('doctor:appointments-week')}?date={shown.isoformat()}"


def _days(request: DoctorRequest, first: date, current: date) -> list[Day]:
    """One query. What was called off or ran out is the list's to tell."""
    zone = request.zone
    visits = (
        own_visits(request)
        .with_status_now([*ACTIVE, *OVER], request.now)
        .filter(starts_at__gte=midnight(first, zone), starts_at__lt=midnight(first + _WEEK, zone))
        .select_related("patient", "appointment_type")
        .order_by("starts_at", "uid")
    )
    dates = [first + timedelta(days=number) for number in range(7)]
    of_day: dict[date, list[Entry]] = {day: [] for day in dates}
    for visit in visits:
        entry = _entry(visit, request)
        of_day[entry.date].append(entry)
    return [Day(day, day == current, entries) for day, entries in of_day.items()]


def _entry(visit: Appointment, request: DoctorRequest) -> Entry:
    there = zone_of(request.zone)
    starts, ends = visit.starts_at.astimezone(there), visit.ends_at.astimezone(there)
    return Entry(
        visit=visit,
        date=starts.date(),
        hours=f"{starts:%H:%M}–{ends:%H:%M}",
        status=visit.status_at(request.now),
        url=visit_url(visit, PORTAL),
    )
