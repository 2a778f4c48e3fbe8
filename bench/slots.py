"""Slots: the pure computation, and every layer above it, on the neutral workload of 50 doctors × 28 days.

    DATABASE_URL=... python -m bench.slots

Needs a migrated database; everything it writes is rolled back. The floor E is the two queries written raw,
the integer computation and the JSON, without Django's ORM or HTTP. Quote the ratios, not the milliseconds.
"""

import json
import os
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rxscale.settings")
os.environ["RATE_LIMIT"] = "off"
django.setup()

import orjson  # noqa: E402 -- Django's models can be imported only after setup
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from appointments import slots  # noqa: E402
from appointments.models import Appointment, AppointmentType  # noqa: E402
from appointments.status import Status  # noqa: E402
from availability.models import AvailabilityWindow  # noqa: E402
from availability.slots import grid_starts, without  # noqa: E402
from availability.windows import Pattern, WeeklyWindow, expand  # noqa: E402
from common.clock import from_epoch  # noqa: E402
from organisations.models import Doctor, Shop  # noqa: E402
from tests.factories import (  # noqa: E402
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)

DATA = Path(__file__).resolve().parent.parent / "tests" / "data"
ROUNDS = 40
Starts = dict[str, list[int]]


def minutes(text: str) -> int:
    hours, rest = text.split(":")
    return int(hours) * 60 + int(rest)


def hours_of(window: Any) -> tuple[int, int]:
    start, end = minutes(window["start"]), minutes(window["end"])
    return start, end if end > start else end + 1440


def pattern_of(doctor: Any) -> Pattern:
    windows = (WeeklyWindow(w["weekday"], *hours_of(w)) for w in doctor["windows"])
    return Pattern(doctor["tz"], tuple(windows))


def compute(doctors: list[tuple[str, Pattern, Any]], start: int, end: int, length: int) -> Starts:
    """Windows expanded once per pattern, bookings removed by bisect."""
    grids: dict[Pattern, list[int]] = {}
    found: Starts = {}
    for key, pattern, busy in doctors:
        if pattern not in grids:
            windows = expand(pattern, start, end + length)
            grids[pattern] = grid_starts(
                windows, duration=length, interval=length, start=start, end=end
            )
        found[key] = without(grids[pattern], busy, before=0, after=length)
    return found


def fill(workload: Any) -> tuple[Shop, AppointmentType, dict[str, Doctor]]:
    organisation = make_organisation()
    shop = make_shop(organisation=organisation)
    doctors = {
        str(each["id"]): make_doctor(organisation=organisation, timezone=each["tz"])
        for each in workload["doctors"]
    }
    length = workload["slot_minutes"]
    kind = make_type(
        organisation=organisation,
        doctors=doctors.values(),
        duration_minutes=length,
        booking_horizon_days=730,
    )
    for each in workload["doctors"]:
        doctor = doctors[str(each["id"])]
        AvailabilityWindow.objects.bulk_create(window_row(doctor, w) for w in each["windows"])
        patient = make_patient(shop=shop)
        Appointment.objects.bulk_create(
            visit(kind, doctor, patient, *span) for span in each["busy"]
        )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return shop, kind, doctors


def window_row(doctor: Doctor, window: Any) -> AvailabilityWindow:
    start, end = hours_of(window)
    return AvailabilityWindow(
        organisation_id=doctor.organisation_id,
        doctor=doctor,
        weekday=window["weekday"],
        start_minute=start,
        end_minute=end,
    )


def visit(kind: AppointmentType, doctor: Doctor, patient: Any, start: int, end: int) -> Appointment:
    starts_at, ends_at = from_epoch(start), from_epoch(end)
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
        confirmed_at=starts_at,
        status_changed_by="patient",
        status_changed_at=starts_at,
        created_at=starts_at,
        updated_at=starts_at,
    )


def floor(doctors: dict[str, Doctor], start: int, end: int, length: int) -> bytes:
    """E: two raw queries, the computation, the JSON."""
    patterns: dict[int, list[WeeklyWindow]] = {doctor.pk: [] for doctor in doctors.values()}
    busy: dict[int, list[tuple[int, int]]] = {doctor.pk: [] for doctor in doctors.values()}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT doctor_id, weekday, start_minute, end_minute"
            " FROM availability_availabilitywindow WHERE doctor_id = ANY(%s)"
            " ORDER BY 1, 2, 3",
            [list(patterns)],
        )
        for doctor, *window in cursor.fetchall():
            patterns[doctor].append(WeeklyWindow(*window))
        cursor.execute(
            "SELECT doctor_id, extract(epoch FROM blocked_from)::bigint,"
            " extract(epoch FROM blocked_until)::bigint FROM appointments_appointment"
            " WHERE doctor_id = ANY(%s) AND status IN ('held', 'confirmed')"
            " AND blocked_from >= %s AND blocked_from < %s ORDER BY 1, 2",
            [list(patterns), from_epoch(start - 57_600), from_epoch(end)],
        )
        for doctor, since, until in cursor.fetchall():
            busy[doctor].append((since, until))
    given = [
        (doctor.uid, Pattern(doctor.timezone, tuple(patterns[doctor.pk])), busy[doctor.pk])
        for doctor in doctors.values()
    ]
    found = compute(given, start, end, length)
    pairs = sorted((at, uid) for uid, starts in found.items() for at in starts)
    return orjson.dumps(
        [{"starts_at": at, "ends_at": at + length, "doctor_uid": uid} for at, uid in pairs]
    )


def medians_ms(works: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The works take turns, so that a busy moment of the machine falls on all of them alike."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            times[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(of_work) for name, of_work in times.items()}


def measure(workload: Any, expected: Starts) -> None:
    start, end = workload["range_start"], workload["range_end"]
    length = workload["slot_minutes"] * 60
    shop, kind, doctors = fill(workload)
    now = from_epoch(start) - timedelta(days=1)
    by_uid = slots.starts_by_doctor(kind, start=start, end=end, now=now)
    assert {key: by_uid[doctor.uid] for key, doctor in doctors.items()} == expected
    pure = [(str(each["id"]), pattern_of(each), each["busy"]) for each in workload["doctors"]]
    client = Client()
    query = {
        "shop_uid": shop.uid,
        "appointment_type_uid": kind.uid,
        "from": str(start),
        "to": str(end),
    }
    with CaptureQueriesContext(connection) as statements:
        response = client.get("/v1/scheduling/slots", query)
    assert response.status_code == 200, response.content
    assert len(response.json()["data"]) == sum(map(len, expected.values()))
    statement_count = len(statements)
    took = medians_ms(
        {
            "floor E": lambda: floor(doctors, start, end, length),
            "computation alone": lambda: compute(pure, start, end, length),
            "starts_by_doctor": lambda: slots.starts_by_doctor(kind, start=start, end=end, now=now),
            "bookable": lambda: slots.bookable(kind, start=start, end=end, now=now),
            "the endpoint": lambda: client.get("/v1/scheduling/slots", query),
        }
    )
    report(took)
    print(f"endpoint statements  {statement_count}")


def report(took: dict[str, float]) -> None:
    for name, milliseconds in took.items():
        print(f"{name:20} {milliseconds:8.2f} ms   {milliseconds / took['floor E']:5.2f} × E")


def main() -> None:
    workload = json.loads((DATA / "workload_medium.json").read_text())
    expected = json.loads((DATA / "expected_medium.json").read_text())
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # what earlier runs rolled back is dead weight in the tables
    with transaction.atomic():
        measure(workload, expected)
        transaction.set_rollback(True)


if __name__ == "__main__":
    main()
