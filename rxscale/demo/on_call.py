"""What every start tops up, so that something happens on screen within two minutes of it.

A doctor on call has a visit running and another one in sixteen minutes, whose reminders, to patient and doctor,
leave in about one; somebody holds a time with four minutes left. All of it by the domain's verbs, booked a while ago.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentType
from appointments.status import ACTIVE
from availability import editing
from availability.models import MINUTES_PER_DAY, AvailabilityOverride, AvailabilityWindow
from availability.values import OverrideValues
from availability.windows import Hours
from organisations.models import Doctor

from .acts import as_doctor, as_patient, first_free
from .clinic import CHECK_IN, Clinic
from .people import ON_CALL_DOCTORS

AHEAD = timedelta(minutes=15, seconds=30)  # and up to the next minute: the rule is for fifteen
BETWEEN = timedelta(minutes=5)
BEGAN_BEFORE = timedelta(minutes=20)  # the running visit, before the one ahead: on the same grid
ON_CALL = timedelta(hours=3)
HELD_AGO = timedelta(minutes=10, seconds=40)  # of the fifteen minutes a hold lasts
TRIES = 8


def bring_to_life(clinic: Clinic, *, now: datetime) -> list[Appointment]:
    """Whatever of it can be had; a start that follows another closely finds most of it there."""
    random = Random(f"on call {now.isoformat()}")
    ahead = _full_minute_after(now + AHEAD)
    began = ahead - BEGAN_BEFORE
    kind = next(kind for kind in clinic.types if kind.name == CHECK_IN.name)
    made: list[Appointment | None] = []
    if doctor := _free_doctor(clinic, began, ahead + timedelta(minutes=kind.duration_minutes)):
        _open_hours(doctor, began, ahead, now=began - timedelta(hours=1))
        for start, booked_at in ((began, began - timedelta(minutes=10)), (ahead, began)):
            made.append(_book(clinic, kind, doctor, start, random, now=booked_at))
    made.append(_hold(clinic, random, now=now - HELD_AGO))
    return [visit for visit in made if visit]


def _full_minute_after(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0) + timedelta(minutes=1)


def _free_doctor(clinic: Clinic, start: datetime, end: datetime) -> Doctor | None:
    emails = [profile.email for profile in ON_CALL_DOCTORS]
    for doctor in sorted(
        (each for each in clinic.doctors if each.email in emails),
        key=lambda each: emails.index(each.email),
    ):
        meeting = Appointment.objects.of(clinic.organisation).filter(
            doctor=doctor,
            status__in=ACTIVE,
            blocked_from__lt=end,
            blocked_until__gt=start - timedelta(minutes=1),
        )
        if not meeting.exists():
            return doctor
    return None


def _book(
    clinic: Clinic,
    kind: AppointmentType,
    doctor: Doctor,
    start: datetime,
    random: Random,
    *,
    now: datetime,
) -> Appointment | None:
    for patient in random.sample(clinic.patients, min(TRIES, len(clinic.patients))):
        actor = as_patient(patient)
        try:
            held = lifecycle.hold(
                patient=patient,
                appointment_type=kind,
                starts_at=start,
                doctor=doctor,
                actor=actor,
                now=now,
            )
            return lifecycle.confirm(held, actor=actor, now=now)
        except Refused:
            continue
    return None


def _hold(clinic: Clinic, random: Random, *, now: datetime) -> Appointment | None:
    kind, doctor = clinic.types[0], clinic.doctors[0]
    day = timedelta(days=1)
    start = first_free(kind, doctor, now + day, day, now=now)
    for patient in random.sample(clinic.patients, min(TRIES, len(clinic.patients))):
        try:
            return lifecycle.hold(
                patient=patient,
                appointment_type=kind,
                starts_at=start,
                doctor=doctor,
                actor=as_patient(patient),
                now=now,
            )
        except Refused:
            continue
    return None


def _open_hours(doctor: Doctor, began: datetime, ahead: datetime, *, now: datetime) -> None:
    """Give the dates concerned hours of their own in which both visits begin a grid, or are on one."""
    actor = as_doctor(doctor)
    for day, span in _spans(doctor, began, ahead):
        values = OverrideValues(day, tuple(with_span(_hours_on(doctor, day), span)))
        editing.set_override(doctor, values, actor=actor, now=now)


def _spans(doctor: Doctor, began: datetime, ahead: datetime) -> Iterator[tuple[date, Hours]]:
    """From the visit that runs to the end of being on call, date by date.

    A date's windows count from their own start, so a visit ahead that begins on the next date gets one there.
    """
    zone = ZoneInfo(doctor.timezone)
    first, second, end = (instant.astimezone(zone) for instant in (began, ahead, began + ON_CALL))
    parts = [(first, end)]
    if first.date() != second.date():
        parts = [(first, (ahead - BETWEEN).astimezone(zone)), (second, end)]
    for opens, closes in parts:
        if opens.date() == closes.date():
            yield opens.date(), (_minute(opens), _minute(closes))
            continue
        yield opens.date(), (_minute(opens), MINUTES_PER_DAY)
        if _minute(closes):
            yield closes.date(), (0, _minute(closes))


def with_span(hours: list[Hours], span: Hours) -> list[Hours]:
    """The day's hours with the span among them. What runs into it ends a minute before, for windows that touch
    share a grid; what begins in it goes on from it.
    """
    start, end = span
    kept = []
    for opens, closes in hours:
        if closes < start or opens > end:
            kept.append((opens, closes))
        else:
            end = max(end, closes)
            if opens < start - 1:
                kept.append((opens, start - 1))
    return sorted([*kept, (start, end)])


def _hours_on(doctor: Doctor, day: date) -> list[Hours]:
    override = AvailabilityOverride.objects.filter(doctor=doctor, date=day).first()
    if override is not None:
        return list(OverrideValues.of(override).hours)
    windows = AvailabilityWindow.objects.filter(doctor=doctor, weekday=day.weekday())
    return list(windows.values_list("start_minute", "end_minute"))


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute
