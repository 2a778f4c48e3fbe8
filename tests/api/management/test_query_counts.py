"""How many statements each read needs; the number never follows the number of rows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.api.test_query_counts import statements
from tests.api.world import Clinic, on_the_grid
from tests.factories import make_type, make_window

from .world import Integrator

# The key costs one statement in each of these; a list two more: the total and the page.


def test_one_appointment_costs_two(clinic: Clinic, api: Integrator) -> None:
    row = clinic.appointment(clinic.patient())
    moved = clinic.appointment(
        clinic.patient("b"), starts_at=on_the_grid(timedelta(days=3)), previous=row
    )

    for each in (row, moved):
        assert statements(lambda: api.get(f"/scheduling/appointments/{each.uid}")) == 2  # noqa: B023


def test_a_page_of_50_costs_three_whatever_is_filtered(clinic: Clinic, api: Integrator) -> None:
    patient = clinic.patient()
    start = on_the_grid(timedelta(days=1))
    for number in range(51):
        clinic.appointment(patient, starts_at=start + number * timedelta(hours=1))

    def page(**query: Any) -> Any:
        response = api.get("/scheduling/appointments", **query)
        assert len(response.json()["data"]) == 50
        assert response.json()["totalRegistries"] == 51
        return response

    assert statements(page) == 3
    assert statements(lambda: page(status="all", from_=0, to=4_102_444_800)) == 3
    assert statements(lambda: page(doctor_uid=clinic.doctor.uid, patient_uid=patient.uid)) == 3


def test_types_need_one_more_for_their_doctors(clinic: Clinic, api: Integrator) -> None:
    path = "/scheduling/appointment-types"
    assert statements(lambda: api.get(path)) == 4
    for _ in range(3):
        make_type(organisation=clinic.organisation, doctors=[clinic.doctor, clinic.second_doctor()])
    assert statements(lambda: api.get(path)) == 4
    assert statements(lambda: api.get(f"{path}/{clinic.kind.uid}")) == 3
    assert statements(lambda: api.get(f"{path}/{clinic.kind.uid}/reminders")) <= 4


def test_doctors_and_their_hours(clinic: Clinic, api: Integrator) -> None:
    assert statements(lambda: api.get("/doctors")) == 3
    doctor = clinic.second_doctor()
    assert statements(lambda: api.get("/doctors")) == 3
    assert statements(lambda: api.get(f"/doctors/{doctor.uid}")) == 2
    path = f"/scheduling/doctors/{doctor.uid}/availability-rules"
    assert statements(lambda: api.get(path)) == 4
    other = clinic.second_doctor()
    other.availability_windows.all().delete()
    row = make_window(doctor=other)
    one = f"/scheduling/doctors/{other.uid}/availability-rules/{row.uid}"
    assert statements(lambda: api.get(one)) == 2


@pytest.mark.parametrize("kind", ["availability-overrides", "time-off", "reminders"])
def test_lists_below_something_need_one_more_for_it(
    clinic: Clinic, api: Integrator, kind: str
) -> None:
    """The key, what it stands below, the total, the page; one of them: two, a rule below its type three."""
    parent = f"doctors/{clinic.doctor.uid}"
    if kind == "reminders":
        parent = f"appointment-types/{clinic.kind.uid}"
    path = f"/scheduling/{parent}/{kind}"
    counts = []
    for number in (1, 2, 3):
        day = f"2027-03-0{number}"
        bodies: dict[str, dict[str, Any]] = {
            "availability-overrides": {"date": day, "hours": []},
            "time-off": {"start_date": day, "end_date": day},
            "reminders": {"recipient_group": "doctor", "minutes_before": number},
        }
        uid = api.post(path, **bodies[kind]).json()["uid"]
        one = f"{path}/{uid}"
        counts.append((statements(lambda: api.get(path)), statements(lambda: api.get(one))))  # noqa: B023

    assert counts == [(4, 3 if kind == "reminders" else 2)] * 3


def test_a_patient_read_is_one_and_its_audit_entry(clinic: Clinic, api: Integrator) -> None:
    patient = clinic.patient(email="robin@patients.example")

    assert statements(lambda: api.get(f"/patients/{patient.uid}")) == 3
    assert statements(lambda: api.get("/patients", email="robin@patients.example")) == 3


def test_the_unfiltered_list_begins_with_the_index_by_start(
    clinic: Clinic, api: Integrator
) -> None:
    """What has not ended is bounded by start: the years behind are not read for the count."""
    with CaptureQueriesContext(connection) as queries:
        api.get("/scheduling/appointments")

    counting = next(q["sql"] for q in queries.captured_queries if "COUNT(" in q["sql"])
    assert '"starts_at" >' in counting
