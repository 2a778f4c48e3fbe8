"""What belongs to someone else is absent: the same bytes, whatever is asked, and nothing is written."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from common.clock import to_epoch
from tests.factories import make_patient, make_shop

from .world import Clinic, Partner, make_clinic, on_the_grid, with_key, with_token


@pytest.fixture
def ours(clinic: Clinic) -> Appointment:
    """There is something to leak."""
    return clinic.appointment(clinic.patient("customer-1"))


def strangers(clinic: Clinic) -> dict[str, Partner]:
    """Everybody whose business the appointment is not."""
    other = make_clinic(name="Elsewhere")
    second = make_shop(organisation=clinic.organisation)
    make_patient(shop=second, shop_customer_id="customer-1")
    return {
        "another patient": with_token(clinic, "customer-2"),
        "an unknown patient": with_token(clinic, "customer-3"),
        "the same number in another shop": with_token(
            clinic, "customer-1", shop_identifier=second.identifier
        ),
        "another organisation's patient": with_token(other, "customer-1"),
        "another organisation's key": with_key(other),
        "another shop's key": with_key(clinic, shop=second),
    }


def answers(partner: Partner, uid: str, at: int) -> list[tuple[int, bytes]]:
    path = f"/appointments/{uid}"
    responses: list[Any] = [
        partner.get(path),
        partner.post(f"{path}/confirm"),
        partner.post(f"{path}/cancel", reason="x"),
        partner.post(f"{path}/rebook", starts_at=at),
        partner.get(f"{path}/rebook-slots", from_=at, to=at + 60),
    ]
    return [(response.status_code, response.content) for response in responses]


def test_foreign_and_absent_appointments_are_the_same(clinic: Clinic, ours: Appointment) -> None:
    clinic.patient("customer-2")
    at = to_epoch(on_the_grid(timedelta(days=2)))

    for who, partner in strangers(clinic).items():
        foreign, absent = answers(partner, ours.uid, at), answers(partner, "mtg-absent", at)
        assert foreign == absent, who
        assert {status for status, _ in foreign} == {404}, who
    ours.refresh_from_db()
    assert ours.status == "confirmed"
    # The negative control: those whose it is find it.
    for partner in (with_token(clinic), with_key(clinic), with_key(clinic, shop=clinic.shop)):
        assert partner.get(f"/appointments/{ours.uid}").status_code == 200


def test_lists_show_nobody_elses_appointments(clinic: Clinic, ours: Appointment) -> None:
    for who, partner in strangers(clinic).items():
        if "key" in who:
            query = {"patient_profile_uid": ours.patient.uid}
            foreign = partner.get("/appointments", status="all", **query)
            absent = partner.get("/appointments", status="all", patient_profile_uid="pp-absent")
            assert (foreign.status_code, foreign.content) == (404, absent.content), who
        else:
            body = partner.get("/appointments", status="all").json()
            assert body == {"data": [], "totalRegistries": 0, "totalPages": 0}, who


@pytest.mark.parametrize("field", ["appointment_type_uid", "doctor_uid", "patient_profile_uid"])
def test_foreign_and_absent_things_of_a_hold_are_the_same(clinic: Clinic, field: str) -> None:
    other = make_clinic(name="Elsewhere")
    patient = clinic.patient()
    theirs = {
        "appointment_type_uid": other.kind.uid,
        "doctor_uid": other.doctor.uid,
        "patient_profile_uid": other.patient().uid,
    }
    start = on_the_grid(timedelta(hours=5))

    def hold(uid: str) -> tuple[int, bytes]:
        body = {"patient_profile_uid": patient.uid, field: uid}
        response = with_key(clinic).hold(clinic, start, **body)
        return response.status_code, response.content

    assert hold(theirs[field]) == hold("xxx-absent")
    assert hold(theirs[field])[0] == 404


def test_a_doctor_of_elsewhere_is_no_target_of_a_move(clinic: Clinic, ours: Appointment) -> None:
    other = make_clinic(name="Elsewhere")
    at = to_epoch(on_the_grid(timedelta(days=2)))

    def move(doctor_uid: str) -> tuple[int, bytes]:
        response = with_token(clinic).post(
            f"/appointments/{ours.uid}/rebook", starts_at=at, doctor_uid=doctor_uid
        )
        return response.status_code, response.content

    assert move(other.doctor.uid) == move("doc-absent")
    assert move(clinic.doctor.uid)[0] == 201
