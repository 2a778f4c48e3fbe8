"""Doctors are reached at numbers in one form, and switched off without losing anything."""

import pytest
from pytest_django import DjangoAssertNumQueries

from organisations import doctors
from organisations.errors import Invalid
from organisations.models import AuditEntry, Doctor
from tests.factories import ADMIN, NOW, make_doctor, make_organisation

NUMBER = "+447700900123"


@pytest.fixture
def doctor(db: None) -> Doctor:
    return make_doctor(organisation=make_organisation())


def audited() -> list[tuple[str, str, object]]:
    entries = AuditEntry.objects.order_by("id")
    return [(entry.action, entry.object_uid, entry.details) for entry in entries]


def test_a_number_is_stored_as_e164_and_audited_without_it(doctor: Doctor) -> None:
    changed = doctors.change_contact(doctor, mobile_phone="+44 7700 900123", actor=ADMIN, now=NOW)

    assert changed == ["mobile_phone"]
    assert doctor.mobile_phone == Doctor.objects.get().mobile_phone == NUMBER
    assert audited() == [("doctor.contact_changed", doctor.uid, {"fields": ["mobile_phone"]})]


def test_the_two_numbers_are_kept_apart(doctor: Doctor) -> None:
    doctors.change_contact(
        doctor, mobile_phone=NUMBER, prescription_phone="+4930901820", actor=ADMIN, now=NOW
    )
    doctors.change_contact(doctor, mobile_phone="", actor=ADMIN, now=NOW)

    row = Doctor.objects.get()
    assert (row.mobile_phone, row.prescription_phone) == ("", "+4930901820")


def test_the_same_number_again_writes_nothing(
    doctor: Doctor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    doctors.change_contact(doctor, mobile_phone=NUMBER, actor=ADMIN, now=NOW)

    with django_assert_num_queries(3):  # savepoint, lock, release
        changed = doctors.change_contact(doctor, mobile_phone=f" {NUMBER} ", actor=ADMIN, now=NOW)

    assert changed == []
    assert len(audited()) == 1


@pytest.mark.parametrize("number", ["07700 900123", "call me", "+44 1", "\ud800", "\0"])
def test_a_number_that_cannot_be_used_changes_nothing(doctor: Doctor, number: str) -> None:
    with pytest.raises(Invalid) as refusal:
        doctors.change_contact(
            doctor, prescription_phone=NUMBER, mobile_phone=number, actor=ADMIN, now=NOW
        )

    assert refusal.value.field == "mobile_phone"
    assert Doctor.objects.get().prescription_phone == ""
    assert audited() == []


def test_switching_off_and_on_is_audited_once_each(doctor: Doctor) -> None:
    for _ in range(2):
        doctors.deactivate(doctor, actor=ADMIN, now=NOW)
    assert not Doctor.objects.get().is_active
    for _ in range(2):
        doctors.reactivate(doctor, actor=ADMIN, now=NOW)
    assert Doctor.objects.get().is_active

    assert [action for action, _, _ in audited()] == ["doctor.deactivated", "doctor.reactivated"]
