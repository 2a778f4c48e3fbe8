"""Neutral slot workloads: doctors with weekly windows and bookings, as data and as rows of a clinic."""

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connection

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from availability.models import AvailabilityWindow
from availability.slots import grid_starts, without
from availability.windows import Pattern, WeeklyWindow, expand
from common.clock import from_epoch
from common.intervals import Interval
from organisations.models import Doctor, Patient, Shop
from tests.factories import make_doctor, make_organisation, make_patient, make_shop, make_type

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
SHARE_TAKEN = 0.4
Starts = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class DoctorsBook:
    key: str
    pattern: Pattern
    busy: Sequence[Interval]


@dataclass(frozen=True, slots=True)
class Workload:
    """`length` is a visit's, in seconds; `expected` the starts each doctor has free."""

    start: int
    end: int
    length: int
    books: Sequence[DoctorsBook]
    expected: Starts


@dataclass(frozen=True, slots=True)
class Clinic:
    """The workload as rows: doctors by the workload's keys."""

    shop: Shop
    kind: AppointmentType
    doctors: Mapping[str, Doctor]


def read(name: str) -> Workload:
    """`small` or `medium`, with the answers that came with them."""
    given = json.loads((DATA / f"workload_{name}.json").read_text())
    books = [
        DoctorsBook(str(each["id"]), _pattern(each), [(a, b) for a, b in each["busy"]])
        for each in given["doctors"]
    ]
    expected = json.loads((DATA / f"expected_{name}.json").read_text())
    length = given["slot_minutes"] * 60
    return Workload(given["range_start"], given["range_end"], length, books, expected)


def generated(doctors: int, days: int) -> Workload:
    """The medium workload's weeks, given to more doctors, with made-up bookings on the grid."""
    model = read("medium")
    end = model.start + days * 86_400
    dice = random.Random(1)
    books, expected = [], {}
    for number in range(doctors):
        pattern = model.books[number % len(model.books)].pattern
        grid = _grid(pattern, model.start, end, model.length)
        taken = sorted(dice.sample(grid, int(len(grid) * SHARE_TAKEN)))
        books.append(DoctorsBook(str(number), pattern, [(at, at + model.length) for at in taken]))
        expected[str(number)] = sorted(set(grid).difference(taken))
    return Workload(model.start, end, model.length, books, expected)


def compute(books: Sequence[DoctorsBook], start: int, end: int, length: int) -> Starts:
    """Our arithmetic alone: windows expanded once per pattern, bookings removed by bisect."""
    grids: dict[Pattern, list[int]] = {}
    found: Starts = {}
    for book in books:
        if book.pattern not in grids:
            grids[book.pattern] = _grid(book.pattern, start, end, length)
        found[book.key] = without(grids[book.pattern], book.busy, before=0, after=length)
    return found


def fill(workload: Workload) -> Clinic:
    """The rows, with statistics gathered."""
    organisation = make_organisation()
    shop = make_shop(organisation=organisation)
    doctors = {
        book.key: make_doctor(organisation=organisation, timezone=book.pattern.timezone)
        for book in workload.books
    }
    kind = make_type(
        organisation=organisation,
        doctors=doctors.values(),
        duration_minutes=workload.length // 60,
        booking_horizon_days=730,
    )
    for book in workload.books:
        doctor, patient = doctors[book.key], make_patient(shop=shop)
        AvailabilityWindow.objects.bulk_create(_row(doctor, each) for each in book.pattern.weekly)
        Appointment.objects.bulk_create(_visit(kind, doctor, patient, *span) for span in book.busy)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Clinic(shop, kind, doctors)


def _pattern(doctor: Any) -> Pattern:
    windows = (WeeklyWindow(w["weekday"], *_hours(w)) for w in doctor["windows"])
    return Pattern(doctor["tz"], tuple(windows))


def _hours(window: Any) -> tuple[int, int]:
    start, end = _minutes(window["start"]), _minutes(window["end"])
    return start, end if end > start else end + 1440


def _minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def _grid(pattern: Pattern, start: int, end: int, length: int) -> list[int]:
    windows = expand(pattern, start, end + length)
    return grid_starts(windows, duration=length, interval=length, start=start, end=end)


def _row(doctor: Doctor, window: WeeklyWindow) -> AvailabilityWindow:
    return AvailabilityWindow(
        organisation_id=doctor.organisation_id,
        doctor=doctor,
        weekday=window.weekday,
        start_minute=window.start_minute,
        end_minute=window.end_minute,
    )


def _visit(
    kind: AppointmentType, doctor: Doctor, patient: Patient, start: int, end: int
) -> Appointment:
    starts_at, ends_at = from_epoch(start), from_epoch(end)
    booked_at = starts_at - timedelta(days=9)
    return Appointment(
        organisation_id=kind.organisation_id,
        shop=patient.shop,
        patient=patient,
        doctor=doctor,
        appointment_type=kind,
        status=Status.CONFIRMED,
        starts_at=starts_at,
        ends_at=ends_at,
        blocked_from=starts_at,
        blocked_until=ends_at,
        buffer_before_minutes=0,
        buffer_after_minutes=0,
        cancellation_notice_minutes=60,
        rebooking_notice_minutes=60,
        rebooking_mode="any_doctor",
        confirmed_at=booked_at,
        status_changed_by="patient",
        status_changed_at=booked_at,
        created_at=booked_at,
        updated_at=booked_at,
    )
