"""What the dashboard reads: a constant number of statements, each an index range of one organisation.

Cost, whatever is stored: eight weeks of visits grouped by the database, the next seven days likewise, and
the first AHEAD visits from now on, which is how far "Needs attention" looks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Case, Count, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Greatest, TruncDate

from appointments.coverage import Booked, open_hours, uncovered
from appointments.events import REBOOKED
from appointments.models import Appointment
from appointments.status import ACTIVE, Status
from availability import schedules
from availability.windows import Schedule
from common.clock import to_epoch, zone
from organisations.models import Doctor, Organisation
from portals.dates import midnight, today

from .numbers import WEEK, WEEKS, Day, Tally, minutes_by_day

AHEAD = 2000
TODAYS_LINES = 8
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """When, and on whose clock: dates are those of `zone`."""

    now: datetime
    zone: str

    @property
    def today(self) -> date:
        return today(self.now, self.zone)

    def day(self, after_today: int) -> datetime:
        """The midnight that date begins with."""
        return midnight(self.today + after_today * _DAY, self.zone)


def tallies(organisation: Organisation, moment: Moment) -> dict[date, Tally]:
    """What became of the visits of each of the last eight weeks' days, today whole. One statement.

    A moved visit is nowhere in it: it counts where it went.
    """
    moved = Q(status=Status.CANCELLED, cancellation_reason=REBOOKED)
    never_confirmed = Q(status=Status.CANCELLED, confirmed_at=None)
    run_out = When(status=Status.HELD, hold_expires_at__lte=moment.now, then=Value(Status.EXPIRED))
    counted = (
        Appointment.objects.of(organisation)
        .filter(starts_at__gte=moment.day(1 - WEEK * WEEKS), starts_at__lt=moment.day(1))
        .exclude(moved | never_confirmed)
        .values(
            day=TruncDate("starts_at", tzinfo=zone(moment.zone)),
            state=Case(run_out, default=F("status")),
        )
        .annotate(number=Count("pk"))
        .order_by()
    )
    found: dict[date, dict[str, int]] = {}
    for row in counted:
        found.setdefault(row["day"], {})[row["state"]] = row["number"]
    return {day: Tally(**numbers) for day, numbers in found.items()}


@dataclass(frozen=True, slots=True)
class Outlook:
    """What lies ahead. `is_capped`: there are more than AHEAD visits, and `outside` knows of those only."""

    days: list[Day]
    outside: list[str]
    is_capped: bool


def outlook(organisation: Organisation, moment: Moment) -> Outlook:
    """The next seven days, and which of the next visits lie outside their doctor's hours. Four statements."""
    ahead, timezones, is_capped = _ahead(organisation, moment.now)
    bookable = _bookable(organisation)
    loaded = _schedules(timezones | bookable, ahead, moment)
    booked = _booked_by_day(organisation, moment)
    edges = [to_epoch(moment.day(number)) for number in range(WEEK + 1)]
    opened = [
        open_hours(loaded[doctor], to_epoch(moment.now), edges[-1])
        for doctor in bookable
        if not loaded[doctor].is_stopped
    ]
    minutes = minutes_by_day(opened, edges, since=to_epoch(moment.now))
    dates = [moment.today + number * _DAY for number in range(WEEK)]
    days = [
        Day(day, *booked.get(day, (0, 0)), open_minutes)
        for day, open_minutes in zip(dates, minutes, strict=True)
    ]
    return Outlook(days, [visit.visit_uid for visit in uncovered(ahead, loaded)], is_capped)


def visits_ahead(organisation: Organisation, now: datetime) -> QuerySet[Appointment]:
    """The first AHEAD held or confirmed visits from now on."""
    visits = Appointment.objects.of(organisation).with_status_now(ACTIVE, now)
    return visits.filter(starts_at__gte=now).order_by("starts_at", "uid")[:AHEAD]


def outside_hours(organisation: Organisation, moment: Moment) -> list[str]:
    """The uids of the visits ahead outside their doctor's hours and not kept, by start. Two statements."""
    ahead, timezones, _ = _ahead(organisation, moment.now)
    loaded = _schedules(timezones, ahead, moment)
    return [visit.visit_uid for visit in uncovered(ahead, loaded)]


def kept(organisation: Organisation, now: datetime) -> QuerySet[Appointment]:
    """The visits ahead that somebody keeps although they lie outside the hours, by start."""
    visits = Appointment.objects.of(organisation).with_status_now(ACTIVE, now).kept()
    return lines_of(visits.filter(starts_at__gte=now).order_by("starts_at", "uid"))


def left_today(organisation: Organisation, moment: Moment) -> QuerySet[Appointment]:
    """The next visits that are still on today."""
    visits = Appointment.objects.of(organisation).upcoming(moment.now)
    todays = visits.filter(starts_at__gte=moment.day(0), starts_at__lt=moment.day(1))
    return lines_of(todays.order_by("starts_at", "uid")[:TODAYS_LINES])


def lines_of(visits: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """With what `portals.visits.rows` prints of each, in one statement."""
    return visits.select_related("doctor", "patient", "appointment_type", "rebooked_to", "previous")


def _ahead(organisation: Organisation, now: datetime) -> tuple[list[Booked], dict[int, str], bool]:
    visits = visits_ahead(organisation, now).values_list(
        "uid", "doctor_id", "starts_at", "ends_at", "kept_outside_hours_at", "doctor__timezone"
    )
    booked, timezones = [], {}
    for uid, doctor, starts_at, ends_at, kept_at, timezone in visits:
        start, end = to_epoch(starts_at), to_epoch(ends_at)
        booked.append(Booked(uid, doctor, start, end, is_kept=kept_at is not None))
        timezones[doctor] = timezone
    return booked, timezones, len(booked) == AHEAD


def _bookable(organisation: Organisation) -> dict[int, str]:
    """The zones of the doctors whose hours can be booked: active, offering an active type."""
    doctors = Doctor.objects.of(organisation).filter(
        is_active=True, appointment_types__is_active=True
    )
    return dict(doctors.order_by("pk").distinct().values_list("pk", "timezone"))


def _schedules(
    timezones: Mapping[int, str], ahead: Sequence[Booked], moment: Moment
) -> dict[int, Schedule]:
    last = max((visit.ends_at for visit in ahead), default=0)
    return schedules.load(
        timezones,
        start=to_epoch(moment.now),
        end=max(last, to_epoch(moment.day(WEEK))),
        now=moment.now,
    )


def _booked_by_day(organisation: Organisation, moment: Moment) -> dict[date, tuple[int, int]]:
    """How many visits each of the next days has, and their minutes still to come."""
    rows = (
        Appointment.objects.of(organisation)
        .upcoming(moment.now)
        .filter(starts_at__gte=moment.day(0), starts_at__lt=moment.day(WEEK))
        .values(day=TruncDate("starts_at", tzinfo=zone(moment.zone)))
        .annotate(
            number=Count("pk"),
            length=Sum(F("ends_at") - Greatest(F("starts_at"), moment.now.astimezone(UTC))),
        )
        .order_by()
    )
    return {row["day"]: (row["number"], round(row["length"].total_seconds() / 60)) for row in rows}
