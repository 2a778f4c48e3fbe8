"""A week of free times with links to choose one: the same slots, by the same predicate, as every door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appointments.models import Appointment, AppointmentType
from appointments.offers import offering
from appointments.openings import ListedSlot, openings
from common.clock import from_epoch, to_epoch, zone
from organisations.models import Doctor
from portals.chips import query_with
from portals.requests import PortalRequest
from portals.toasts import toast

from .times import PARTS, label_of, midnight

DAYS = 7
_FURTHEST = timedelta(days=731)  # the longest horizon a type may have


@dataclass(frozen=True, slots=True)
class Time:
    """One start in the page's zone; `elsewhere` in the doctor's own, where it is another hour."""

    label: str
    elsewhere: str
    url: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day and its free times."""

    name: str
    times: Sequence[Time]


@dataclass(frozen=True, slots=True)
class Day:
    """A day to choose; `count` free times."""

    date: date
    count: int
    url: str
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days, the times of the one that is shown, and where else to look.

    `next_free_at` is told when the week has no free time; None then means: none at all.
    """

    days: Sequence[Day]
    shown: date
    parts: Sequence[Part]
    earlier_url: str
    later_url: str
    next_free_at: datetime | None
    next_free_url: str

    @property
    def is_empty(self) -> bool:
        return not any(day.count for day in self.days)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the page is looking for, read from its query. `doctor` None: any of `doctors`."""

    kind: AppointmentType
    doctors: Sequence[Doctor]
    doctor: Doctor | None
    leaving_out: Appointment | None
    chosen: datetime | None


def doctors_of(kind: AppointmentType, *, leaving_out: Appointment | None = None) -> list[Doctor]:
    """Who takes a visit of this type, by name; the user comes along, for notices go to its address."""
    doctors = offering(kind, leaving_out=leaving_out)
    return list(doctors.select_related("user").order_by("display_name", "uid"))


def week_of(request: PortalRequest, wish: Wish) -> Week:
    """Seven days from `?week=` on (today without it), in the page's zone. Five queries at most.

    Shown is `?day=`, the day of the chosen time, or the first that has a free one.
    """
    first = _first_day(request)
    found = openings(
        wish.kind,
        start=midnight(first, request.zone),
        end=midnight(first + timedelta(days=DAYS), request.zone),
        now=request.now,
        doctor_uid=wish.doctor.uid if wish.doctor else None,
        leaving_out=wish.leaving_out,
    )
    by_day = _by_day(request, first, found.slots)
    shown = _shown_day(request, wish, by_day)
    next_free_at = None if found.next_available_at is None else from_epoch(found.next_available_at)
    return Week(
        days=[
            Day(day, len(times), query_with(request, day=day.isoformat(), at=None), day == shown)
            for day, times in by_day.items()
        ],
        shown=shown,
        parts=_parts(request, wish, by_day[shown]),
        earlier_url=_earlier_url(request, first),
        later_url=_week_url(request, first + timedelta(days=DAYS)),
        next_free_at=next_free_at,
        next_free_url=_week_url(request, _local(next_free_at, request).date())
        if next_free_at
        else "",
    )


def _earlier_url(request: PortalRequest, first: date) -> str:
    """The days before, but none that are over."""
    today = _local(request.now, request).date()
    return _week_url(request, max(first - timedelta(days=DAYS), today)) if first > today else ""


def _local(instant: datetime, request: PortalRequest) -> datetime:
    return instant.astimezone(zone(request.zone))


def _first_day(request: PortalRequest) -> date:
    today = _local(request.now, request).date()
    given = request.GET.get("week", "")
    if not given:
        return today
    try:
        first = date.fromisoformat(given)
    except ValueError:
        toast(request, "That week is not known. This is the coming one.", tone="warn")
        return today
    return min(max(first, today), today + _FURTHEST)


def _week_url(request: PortalRequest, first: date) -> str:
    return query_with(request, week=first.isoformat(), day=None, at=None)


def _by_day(
    request: PortalRequest, first: date, slots: Sequence[ListedSlot]
) -> dict[date, list[datetime]]:
    """The free starts of each of the seven days, local; each once, however many doctors are free."""
    days: dict[date, list[datetime]] = {first + timedelta(days=day): [] for day in range(DAYS)}
    for at in sorted({slot["starts_at"] for slot in slots}):
        local = _local(from_epoch(at), request)
        days[local.date()].append(local)
    return days


def _shown_day(
    request: PortalRequest, wish: Wish, by_day: Mapping[date, Sequence[datetime]]
) -> date:
    wanted = request.GET.get("day", "")
    if wish.chosen:
        wanted = _local(wish.chosen, request).date().isoformat()
    known = {day.isoformat(): day for day in by_day}
    if wanted in known:
        return known[wanted]
    with_times = (day for day, times in by_day.items() if times)
    return next(with_times, min(by_day))


def _parts(request: PortalRequest, wish: Wish, starts: Sequence[datetime]) -> list[Part]:
    parts = []
    for name, hours in PARTS:
        times = [
            Time(
                label=label_of(local),
                elsewhere=_elsewhere(local, wish.doctor),
                url=query_with(request, at=str(to_epoch(local))),
                is_chosen=wish.chosen == local,
            )
            for local in starts
            if local.hour in hours
        ]
        if times:
            parts.append(Part(str(name), times))
    return parts


def _elsewhere(local: datetime, doctor: Doctor | None) -> str:
    """The chosen doctor's clock, where it shows another time; any doctor has none to show."""
    if doctor is None:
        return ""
    other = local.astimezone(zone(doctor.timezone))
    return "" if other.utcoffset() == local.utcoffset() else f"{other:%H:%M %Z}"
