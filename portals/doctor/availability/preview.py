"""The next 14 days as a patient sees them: the free times of one appointment type, or why there are none."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from appointments import slots
from appointments.models import AppointmentType
from appointments.why_no_slots import Reason, reasons_by_day
from availability import schedules
from availability.windows import Pattern, expand, instant
from common.clock import from_epoch, zone
from organisations.models import Doctor, Organisation
from portals.lengths import counted
from portals.reasons import in_words

DAYS = 14
_FURTHEST = timedelta(days=800)  # beyond any booking horizon


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """`times` are the starts on the doctor's clock; without one, `reasons` say why."""

    date: date
    times: Sequence[str] = ()
    reasons: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """`kind` is None for a doctor who offers nothing."""

    kinds: Sequence[AppointmentType]
    kind: AppointmentType | None
    first: date
    is_first: bool
    days: Sequence[PreviewDay] = field(default_factory=list)

    @property
    def weeks(self) -> list[Sequence[PreviewDay]]:
        return [self.days[:7], self.days[7:]]

    @property
    def earlier(self) -> date:
        return self.first - timedelta(days=DAYS)

    @property
    def later(self) -> date:
        return self.first + timedelta(days=DAYS)


def preview(
    doctor: Doctor, organisation: Organisation, *, type_uid: str, first: str, now: datetime
) -> Preview:
    """`type_uid` and `first` as the URL says them; nonsense is the first type, and today. Up to eight queries."""
    kinds = list(
        AppointmentType.objects.of(organisation)
        .filter(doctors=doctor, is_active=True)
        .order_by("name", "uid")
    )
    today = now.astimezone(zone(doctor.timezone)).date()
    start = _first_day(first, today)
    kind = next((each for each in kinds if each.uid == type_uid), kinds[0] if kinds else None)
    days = _days(kind, doctor, start, now) if kind else []
    return Preview(kinds, kind, start, start == today, days)


def _first_day(text: str, today: date) -> date:
    try:
        asked = date.fromisoformat(text)
    except ValueError:
        return today
    return min(max(asked, today), today + _FURTHEST)


def _days(kind: AppointmentType, doctor: Doctor, first: date, now: datetime) -> list[PreviewDay]:
    days = [first + timedelta(days=ahead) for ahead in range(DAYS)]
    start = instant(doctor.timezone, first.toordinal(), 0)
    end = instant(doctor.timezone, first.toordinal() + DAYS, 0)
    times = defaultdict[date, list[str]](list)
    for slot in slots.bookable(kind, start=start, end=end, now=now, doctor=doctor):
        local = from_epoch(slot.starts_at).astimezone(zone(doctor.timezone))
        times[local.date()].append(f"{local:%H:%M}")
    reasons = reasons_by_day(kind, doctor, days, now)
    schedule = schedules.load({doctor.pk: doctor.timezone}, start=start, end=end, now=now)
    pattern = schedule[doctor.pk].pattern
    return [
        PreviewDay(day, times[day])
        if day in times
        else PreviewDay(
            day, (), _sentences(reasons[day], kind, doctor, day, _without_start(pattern, kind, day))
        )
        for day in days
    ]


def _without_start(pattern: Pattern, kind: AppointmentType, day: date) -> str:
    """Why the hours alone give the date no start."""
    if any(own.date == day.toordinal() and not own.hours for own in pattern.overrides):
        return "Closed on this date."
    midnights = [instant(pattern.timezone, day.toordinal() + ahead, 0) for ahead in (0, 1)]
    if not expand(pattern, *midnights):
        return "No hours."
    return f"No hours with room for {kind.duration_minutes} minutes."


def _sentences(
    reasons: Sequence[Reason],
    kind: AppointmentType,
    doctor: Doctor,
    day: date,
    without_start: str,
) -> list[str]:
    """Each once; the visits of a full day as numbers."""
    found = []
    for reason in reasons:
        if reason.code == "outside_hours":
            found.append(without_start)
        elif reason.code not in ("booked", "held"):
            found.append(in_words(reason, kind, doctor, day))
    for code, word in (("booked", "booked"), ("held", "being booked")):
        if number := sum(reason.code == code for reason in reasons):
            found.append(f"{counted(number, 'visit')} {word}.")
    return list(dict.fromkeys(found))
