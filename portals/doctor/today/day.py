"""What a doctor's day consists of: who comes next, the day's visits, and what happened to others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appointments.models import Appointment
from appointments.models.appointment import LONGEST_VISIT
from appointments.status import BOOKED_OR_OVER, Status
from common.clock import zone as zone_of
from organisations.actors import ActorKind
from portals.dates import midnight, today
from portals.doctor.access import DoctorRequest
from portals.doctor.appointments.detail import Room, room_of
from portals.doctor.visits import own_visits

DAY_QUERIES = 3  # yesterday and today; the next one; what was called off
MOST_NEWS = 20
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A visit of the day, with the outcomes that can be set now."""

    visit: Appointment
    status: Status
    room: Room | None
    has_begun: bool
    ends: str

    @property
    def may_complete(self) -> bool:
        return self.has_begun and self.status != Status.COMPLETED

    @property
    def may_mark_no_show(self) -> bool:
        return self.has_begun and self.status != Status.NO_SHOW


@dataclass(frozen=True, slots=True)
class CalledOff:
    """A visit that was booked and is not any more; `successor` where it was moved, if that is the doctor's."""

    visit: Appointment
    successor: Appointment | None
    is_with_colleague: bool


@dataclass(frozen=True, slots=True)
class DoctorsDay:
    date: date
    next: Line | None
    lines: Sequence[Line]
    news: Sequence[CalledOff]
    completed_by_itself: Sequence[Line]


def day_of(request: DoctorRequest, *, news_since: datetime | None) -> DoctorsDay:
    """DAY_QUERIES statements. What happened before `news_since` is no news; None: before yesterday."""
    now, zone = request.now, request.zone
    current = today(now, zone)
    begin, end = midnight(current, zone), midnight(current + _DAY, zone)
    yesterday = midnight(current - _DAY, zone)
    visits = _between(request, yesterday, end)
    return DoctorsDay(
        date=current,
        next=_next(request),
        lines=[_line(visit, now, zone) for visit in visits if visit.ends_at > begin],
        news=_called_off(request, news_since or yesterday),
        completed_by_itself=[
            _line(visit, now, zone)
            for visit in visits
            if visit.was_completed_automatically and yesterday <= visit.starts_at < begin
        ],
    )


def _between(request: DoctorRequest, start: datetime, end: datetime) -> list[Appointment]:
    """Visits that take or took place then, one that ran past midnight among them."""
    rows = own_visits(request).filter(
        status__in=BOOKED_OR_OVER, starts_at__gt=start - LONGEST_VISIT, starts_at__lt=end
    )
    return list(
        rows.filter(ends_at__gt=start)
        .select_related("patient", "appointment_type")
        .order_by("starts_at", "uid")
    )


def _next(request: DoctorRequest) -> Line | None:
    """The visit that runs or comes first, today or later. One whose outcome is set is over."""
    rows = own_visits(request).upcoming(request.now).filter(status=Status.CONFIRMED)
    visit = rows.select_related("patient", "appointment_type").order_by("starts_at", "uid").first()
    return _line(visit, request.now, request.zone) if visit else None


def _called_off(request: DoctorRequest, since: datetime) -> list[CalledOff]:
    """Newest first; not what the doctor called off, and not what was over long before."""
    rows = (
        own_visits(request)
        .called_off()
        .filter(cancelled_at__gte=since, starts_at__gte=since - _DAY)
        .exclude(cancelled_by=ActorKind.DOCTOR)
        .select_related("patient", "appointment_type", "rebooked_to")
        .order_by("-cancelled_at", "-id")
    )
    return [_news(visit) for visit in rows[:MOST_NEWS]]


def _news(visit: Appointment) -> CalledOff:
    successor: Appointment | None = getattr(visit, "rebooked_to", None)
    is_own = successor is not None and successor.doctor_id == visit.doctor_id
    return CalledOff(visit, successor if is_own else None, successor is not None and not is_own)


def _line(visit: Appointment, now: datetime, zone: str) -> Line:
    return Line(
        visit=visit,
        status=visit.status_at(now),
        room=room_of(visit, now),
        has_begun=now >= visit.starts_at,
        ends=f"{visit.ends_at.astimezone(zone_of(zone)):%H:%M}",
    )
