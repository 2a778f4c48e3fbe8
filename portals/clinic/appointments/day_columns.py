"""One day of a clinic as columns of doctors: who works when, and who comes.

Places on the axis are whole steps of five minutes since the local midnight, in elapsed time: a date of
23 or 25 hours is as long as it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appointments.models import Appointment
from appointments.status import BOOKED_OR_OVER, Status
from availability.schedules import load
from availability.windows import Schedule, closures, expand
from common.clock import to_epoch
from common.clock import zone as zone_of
from common.intervals import Interval, subtract, union
from common.local_time import zone_label
from organisations.models import Doctor, Organisation
from portals.dates import midnight
from portals.visits.filters import appointments_of, name_of
from portals.visits.rows import visit_url

STEP = 5 * 60
HOUR = 3600
# What an empty day shows, in hours since midnight.
_USUAL = (8 * HOUR, 18 * HOUR)
# A visit runs into the day from the evening before at most this long.
_REACH = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Place:
    """Where on the axis, as day.css names it: `at-h9 at-m30 for-h0 for-m45`."""

    start: int
    length: int

    def __str__(self) -> str:
        at, long = divmod(self.start, HOUR), divmod(self.length, HOUR)
        return f"at-h{at[0]} at-m{at[1] // 60} for-h{long[0]} for-m{long[1] // 60}"


@dataclass(frozen=True, slots=True)
class Visit:
    """A block of a column. `is_beside`: an earlier one was closed before its end, and this one met it."""

    place: Place
    status: Status
    starts: str
    ends: str
    patient_name: str
    type_name: str
    url: str
    is_beside: bool

    @property
    def is_short(self) -> bool:
        return self.place.length < HOUR // 2


@dataclass(frozen=True, slots=True)
class Column:
    doctor: Doctor
    zone: str
    visits: Sequence[Visit]
    closed: Sequence[Place]
    is_stopped: bool
    can_be_cancelled: int


@dataclass(frozen=True, slots=True)
class Day:
    """`hours`: the labels of the axis. `away`: active doctors without hours or visits that date."""

    columns: Sequence[Column]
    away: Sequence[Doctor]
    hours: Sequence[tuple[Place, str]]
    height: Place
    now_line: Place | None


@dataclass(frozen=True, slots=True)
class _Axis:
    """The part of the date that is shown, in epoch seconds."""

    since: int
    until: int

    def place(self, start: int, end: int) -> Place:
        """Rounded outwards to steps, and kept within the axis."""
        start, end = max(start, self.since) - self.since, min(end, self.until) - self.since
        start = start // STEP * STEP
        return Place(start, max(-(-(end - start) // STEP) * STEP, STEP))


def day_of(organisation: Organisation, day: date, *, zone: str, now: datetime) -> Day:
    """Three queries, whatever the number of doctors and visits."""
    since, until = (to_epoch(midnight(day + timedelta(days=n), zone)) for n in (0, 1))
    doctors = Doctor.objects.of(organisation).order_by("display_name", "uid")
    visits = _visits_by_doctor(organisation, since, until, zone=zone, now=now, day=day)
    zones = {doctor.pk: doctor.timezone for doctor in doctors}
    schedules = load(zones, start=since, end=until, now=now)
    open_by_doctor = {pk: _open(schedule, since, until) for pk, schedule in schedules.items()}
    present = [d for d in doctors if visits.get(d.pk) or (d.is_active and open_by_doctor[d.pk])]
    axis = _axis(since, until, visits, [open_by_doctor[doctor.pk] for doctor in present])
    columns = [
        _column(
            doctor,
            visits.get(doctor.pk, []),
            open_by_doctor[doctor.pk],
            is_stopped=schedules[doctor.pk].is_stopped,
            axis=axis,
            zone=zone,
            now=now,
        )
        for doctor in present
    ]
    seconds = to_epoch(now)
    is_now_shown = axis.since <= seconds < axis.until
    return Day(
        columns=columns,
        away=[doctor for doctor in doctors if doctor.is_active and doctor not in present],
        hours=_hours(axis, zone),
        height=Place(0, axis.until - axis.since),
        now_line=axis.place(seconds, seconds) if is_now_shown else None,
    )


def _visits_by_doctor(
    organisation: Organisation, since: int, until: int, *, zone: str, now: datetime, day: date
) -> dict[int, list[Appointment]]:
    first, last = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    rows = (
        appointments_of(organisation)
        .with_status_now([Status.HELD, *BOOKED_OR_OVER], now)
        .filter(starts_at__gt=first - _REACH, starts_at__lt=last, ends_at__gt=first)
        .select_related("patient", "appointment_type")
        .order_by("starts_at", "uid")
    )
    found: dict[int, list[Appointment]] = {}
    for visit in rows:
        found.setdefault(visit.doctor_id, []).append(visit)
    return found


def _open(schedule: Schedule, since: int, until: int) -> list[Interval]:
    """When the doctor works within [since, until)."""
    zone = schedule.pattern.timezone
    works = subtract(
        union(expand(schedule.pattern, since, until)), closures(zone, schedule.time_off)
    )
    clipped = ((max(start, since), min(end, until)) for start, end in works)
    return [(start, end) for start, end in clipped if start < end]


def _axis(
    since: int,
    until: int,
    visits: Mapping[int, Sequence[Appointment]],
    opens: Iterable[Sequence[Interval]],
) -> _Axis:
    """From the full hour before the first thing to the full hour after the last."""
    spans = [span for intervals in opens for span in intervals]
    for of_doctor in visits.values():
        spans += [(to_epoch(visit.starts_at), to_epoch(visit.ends_at)) for visit in of_doctor]
    if not spans:
        return _Axis(since + _USUAL[0], since + _USUAL[1])
    first = max(min(start for start, _ in spans), since) - since
    last = min(max(end for _, end in spans), until) - since
    return _Axis(since + first // HOUR * HOUR, since + -(-last // HOUR) * HOUR)


def _column(
    doctor: Doctor,
    visits: Sequence[Appointment],
    works: Sequence[Interval],
    *,
    is_stopped: bool,
    axis: _Axis,
    zone: str,
    now: datetime,
) -> Column:
    closed = subtract([(axis.since, axis.until)], works)
    local, here = now.astimezone(zone_of(doctor.timezone)), now.astimezone(zone_of(zone))
    is_elsewhere = local.utcoffset() != here.utcoffset()
    still = [visit for visit in visits if visit.ends_at > now]
    return Column(
        doctor=doctor,
        zone=zone_label(local, doctor.timezone) if is_elsewhere else "",
        visits=_blocks(visits, axis, zone, now),
        closed=[axis.place(start, end) for start, end in closed],
        is_stopped=is_stopped,
        can_be_cancelled=sum(v.status_at(now) in (Status.HELD, Status.CONFIRMED) for v in still),
    )


def _blocks(visits: Sequence[Appointment], axis: _Axis, zone: str, now: datetime) -> list[Visit]:
    blocks: list[Visit] = []
    busy_until, was_beside = None, False
    for visit in visits:
        is_beside = busy_until is not None and visit.starts_at < busy_until and not was_beside
        local_start, local_end = (
            instant.astimezone(zone_of(zone)) for instant in (visit.starts_at, visit.ends_at)
        )
        blocks.append(
            Visit(
                place=axis.place(to_epoch(visit.starts_at), to_epoch(visit.ends_at)),
                status=visit.status_at(now),
                starts=f"{local_start:%H:%M}",
                ends=f"{local_end:%H:%M}",
                patient_name=name_of(visit.patient),
                type_name=visit.appointment_type.name,
                url=visit_url(visit, "clinic"),
                is_beside=is_beside,
            )
        )
        busy_until = max(busy_until or visit.ends_at, visit.ends_at)
        was_beside = is_beside
    return blocks


def _hours(axis: _Axis, zone: str) -> list[tuple[Place, str]]:
    """The axis' labels; an hour that a change of clocks repeats is told apart by its abbreviation."""
    labels: list[tuple[Place, str]] = []
    for seconds in range(axis.since, axis.until, HOUR):
        local = datetime.fromtimestamp(seconds, zone_of(zone))
        text = f"{local:%H:%M}"
        if labels and text in (label for _, label in labels):
            text = f"{text} {local.tzname()}"
        labels.append((Place(seconds - axis.since, HOUR), text))
    return labels
