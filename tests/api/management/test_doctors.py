"""Doctors by key: read, and given another number or zone."""

from typing import Any

import pytest

from notifications.models import Delivery
from organisations.models import AuditEntry, Doctor
from tests.api.world import Clinic, make_clinic
from tests.factories import make_doctor

from .world import ABSENT, Integrator


@pytest.mark.parametrize("slash", ["", "/"])
def test_doctors_are_listed_by_name_and_read(clinic: Clinic, api: Integrator, slash: str) -> None:
    make_doctor(organisation=clinic.organisation, display_name="Dr A", is_active=False, email="")
    make_clinic(name="Elsewhere")

    listed = api.get(f"/doctors{slash}").json()

    assert [doctor["display_name"] for doctor in listed["data"]] == ["Dr A", "Dr Jane Hill"]
    assert (listed["totalRegistries"], listed["totalPages"]) == (2, 1)
    first, second = listed["data"]
    assert (first["is_active"], first["email"], first["mobile_phone"]) == (False, None, None)
    assert api.get(f"/doctors/{second['uid']}{slash}").json() == second
    assert set(second) == {
        "uid",
        "display_name",
        "timezone",
        "email",
        "mobile_phone",
        "is_active",
        "created_at",
    }


def test_a_number_and_a_zone_are_changed_audited_and_told(clinic: Clinic, api: Integrator) -> None:
    path = f"/doctors/{clinic.doctor.uid}"
    before = api.get(path).json()

    assert api.patch(path).json() == before
    changed = api.patch(f"{path}/", mobile_phone="+49 151 23456789", timezone="Asia/Kolkata")
    assert changed.status_code == 200, changed.content
    fresh = {"mobile_phone": "+4915123456789", "timezone": "Asia/Kolkata"}
    assert changed.json() == api.get(path).json() == {**before, **fresh}
    for nobody in (None, "", " "):
        assert api.patch(path, mobile_phone=nobody).json()["mobile_phone"] is None

    actions = AuditEntry.objects.filter(object_uid=clinic.doctor.uid).order_by("id")
    assert [(entry.action, entry.actor_label) for entry in actions] == [
        ("doctor.contact_changed", "Integrator"),
        ("doctor.timezone_changed", "Integrator"),
        ("doctor.contact_changed", "Integrator"),
    ]
    assert Delivery.objects.get().kind == "availability.changed"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mobile_phone", "0151 23456789"),
        ("mobile_phone", "nonsense"),
        ("mobile_phone", 4915123456789),
        ("mobile_phone", "a\0b"),
        ("mobile_phone", "9" * 501),
        ("timezone", "Europe/Nowhere"),
        ("timezone", "../etc/passwd"),
        ("timezone", "localtime"),  # a file of many machines, and on each another zone
        ("timezone", ""),
        ("timezone", None),
        ("display_name", "Dr Other"),
        ("is_active", False),
    ],
)
def test_a_bad_value_is_400_on_its_field_and_nothing_is_written(
    clinic: Clinic, api: Integrator, field: str, value: Any
) -> None:
    good = {"mobile_phone": "+4915123456789", "timezone": "Asia/Kolkata"}

    response = api.patch(f"/doctors/{clinic.doctor.uid}", **{**good, field: value})

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}
    doctor = Doctor.objects.get()
    assert (doctor.mobile_phone, doctor.timezone) == ("", "UTC")
    assert not Delivery.objects.exists()


def test_a_foreign_doctor_is_absent(clinic: Clinic, api: Integrator) -> None:
    stranger = make_clinic(name="Elsewhere").doctor

    answers = [
        api.ask(method, f"/doctors/{uid}", {"timezone": "UTC"} if method == "PATCH" else None)
        for uid in (stranger.uid, "doc-absent", "a%00b")
        for method in ("GET", "PATCH")
    ]

    assert {answer.content for answer in answers} == {answers[2].content}
    assert (answers[2].status_code, answers[2].json()) == (404, ABSENT)
