"""How many statements each endpoint needs; the number never follows the number of rows."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from common.clock import to_epoch, utc_now

from .world import Clinic, Partner, on_the_grid, with_key, with_token

Call = Callable[[], Any]


def statements(call: Call) -> int:
    """Without savepoints: inside a test they stand where a request has its transaction."""
    with CaptureQueriesContext(connection) as queries:
        response = call()
    assert response.status_code < 300, response.content
    return sum("SAVEPOINT" not in str(query["sql"]) for query in queries.captured_queries)


@pytest.fixture
def partner(clinic: Clinic) -> Partner:
    partner = with_token(clinic)
    partner.post("/booking-launch-codes")  # patient known, the secret's use written down
    return partner


# Verifying costs a token two statements (secret, shop), a key one.
def test_discovery(clinic: Clinic) -> None:
    shop = {"shop_uid": clinic.shop.uid}
    nobody = Partner()

    assert statements(lambda: nobody.get("/appointment-types", **shop)) == 3
    assert statements(lambda: nobody.get("/doctors", **shop)) == 3
    of_type = {**shop, "appointment_type_uid": clinic.kind.uid}
    assert statements(lambda: nobody.get("/doctors", **of_type)) == 4


def test_slots_need_at_most_six_whatever_is_asked(clinic: Clinic) -> None:
    nobody = Partner()
    at = to_epoch(on_the_grid(timedelta(hours=5)))
    query = {"shop_uid": clinic.shop.uid, "appointment_type_uid": clinic.kind.uid, "from_": at}

    def counted(**more: Any) -> int:
        return statements(lambda: nobody.get("/slots", **{**query, **more}))

    assert counted(to=at + 3600) == 4
    for number in range(4):
        clinic.second_doctor()
        clinic.appointment(
            clinic.patient(f"c-{number}"), starts_at=on_the_grid(timedelta(days=number + 1))
        )
    assert counted(to=at + 31 * 86_400) == 4
    assert counted(to=at + 3600, doctor_uid=clinic.doctor.uid) == 4
    assert counted(from_=0, to=60) == 4  # empty: the next start is near
    clinic.kind.doctors.remove(*clinic.kind.doctors.exclude(pk=clinic.doctor.pk))
    book_out(clinic, days=40)
    assert counted(to=at + 3600, doctor_uid=clinic.doctor.uid) == 6  # empty, and far


def book_out(clinic: Clinic, *, days: int) -> None:
    """The doctor has no time until then: half-day visits, one after the other."""
    Appointment.objects.all().delete()
    kind = clinic.kind
    kind.duration_minutes = 480
    patient = clinic.patient("everybody")
    start = on_the_grid(timedelta(0))
    for number in range(days * 3):
        at = start + number * timedelta(hours=8)
        clinic.appointment(patient, starts_at=at, now=utc_now())
    kind.refresh_from_db()


def test_a_list_needs_as_many_for_three_rows_as_for_one(clinic: Clinic, partner: Partner) -> None:
    patient = clinic.patient("b")
    key, token = with_key(clinic), with_token(clinic, "b")
    query = {"patient_profile_uid": patient.uid}
    key.get("/appointments", **query)  # the key's use is written down once a minute

    counts = []
    for number in range(3):
        row = clinic.appointment(patient, starts_at=on_the_grid(timedelta(days=number + 1)))
        Appointment.objects.filter(pk=row.pk).update(client_reference=f"n-{number}")
        counts.append(
            (
                statements(lambda: token.get("/appointments")),
                statements(lambda: key.get("/appointments", **query)),
            )
        )

    assert counts == [(4, 4)] * 3


def test_reading_one(clinic: Clinic, partner: Partner) -> None:
    uid = clinic.appointment(with_patient(clinic)).uid
    at = to_epoch(on_the_grid(timedelta(hours=5)))

    assert statements(lambda: partner.get(f"/appointments/{uid}")) == 3
    ask = {"from_": at, "to": at + 3600}
    assert statements(lambda: partner.get(f"/appointments/{uid}/rebook-slots", **ask)) == 6


def with_patient(clinic: Clinic) -> Any:
    return clinic.shop.patients.get(shop_customer_id="customer-1")


def test_moves_stay_within_their_budget(clinic: Clinic, partner: Partner) -> None:
    """Exact numbers are the verbs' own business; here it matters that they do not grow."""
    start = on_the_grid(timedelta(hours=5))
    held: dict[str, Any] = {}

    def hold() -> Any:
        held["answer"] = partner.hold(clinic, start)
        return held["answer"]

    assert statements(hold) <= 14
    path = f"/appointments/{held['answer'].json()['uid']}"
    assert statements(lambda: partner.post(f"{path}/confirm")) <= 14
    assert statements(lambda: partner.post(f"{path}/confirm")) <= 6  # nothing to do
    later = to_epoch(start) + 7200
    assert statements(lambda: partner.post(f"{path}/rebook", starts_at=later)) <= 22
    assert statements(lambda: partner.post("/booking-launch-codes")) == 4
