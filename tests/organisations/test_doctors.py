"""Doctors are reached at numbers in one form, and switched off without losing anything."""

from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from organisations import doctors
from organisations.errors import Invalid
from organisations.models import AuditEntry, Doctor, DoctorNotice
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


def test_another_zone_is_audited_and_the_same_one_writes_nothing(doctor: Doctor) -> None:
    by: dict[str, Any] = {"actor": ADMIN, "now": NOW}
    assert doctors.change_timezone(doctor, timezone="America/New_York", **by)
    assert not doctors.change_timezone(doctor, timezone=" America/New_York ", **by)

    assert doctor.timezone == Doctor.objects.get().timezone == "America/New_York"
    assert audited() == [("doctor.timezone_changed", doctor.uid, {"fields": ["timezone"]})]


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "CET+1", "../../etc/passwd", "\0", "x" * 99])
def test_a_zone_that_is_not_known_changes_nothing(doctor: Doctor, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        doctors.change_timezone(doctor, timezone=name, actor=ADMIN, now=NOW)

    assert refusal.value.field == "timezone"
    assert Doctor.objects.get().timezone == "Europe/Berlin"


def test_a_name_is_trimmed_and_never_blank(doctor: Doctor) -> None:
    assert doctors.rename(doctor, display_name="  Dr  Jane Moor ", actor=ADMIN, now=NOW)
    with pytest.raises(Invalid) as refusal:
        doctors.rename(doctor, display_name=" \t ", actor=ADMIN, now=NOW)

    assert refusal.value.field == "display_name"
    assert Doctor.objects.get().display_name == "Dr Jane Moor"
    assert audited() == [("doctor.changed", doctor.uid, {"fields": ["display_name"]})]


def test_a_doctor_gets_every_notice_until_it_is_declined(doctor: Doctor) -> None:
    assert all(doctor.wants(notice) for notice in DoctorNotice)
    wanted = set(DoctorNotice.values) - {"booked", "reminder_email"}

    switched = doctors.choose_notices(doctor, wanted=wanted, actor=ADMIN, now=NOW)
    again = doctors.choose_notices(doctor, wanted=wanted, actor=ADMIN, now=NOW)

    row = Doctor.objects.get()
    assert (switched, again) == (["booked", "reminder_email"], [])
    assert [notice for notice in DoctorNotice if not row.wants(notice)] == switched
    assert audited() == [("doctor.notices_changed", doctor.uid, {"fields": switched})]


def test_a_notice_nobody_knows_is_refused_here_and_by_the_database(doctor: Doctor) -> None:
    with pytest.raises(Invalid):
        doctors.choose_notices(doctor, wanted=["booked", "gossip"], actor=ADMIN, now=NOW)
    with pytest.raises(IntegrityError, match="doctor_declined_notices_are_known"):
        Doctor.objects.update(declined_notices=["gossip"])
