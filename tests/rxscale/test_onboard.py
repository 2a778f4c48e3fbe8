"""`manage.py onboard`: a new customer in one command, all or nothing, safe to repeat."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from appointments.models import AppointmentType, AppointmentTypeDoctor, MeetingRoom
from organisations.models import (
    AuditEntry,
    Doctor,
    Membership,
    Organisation,
    Patient,
    Role,
    Shop,
    User,
)
from tests.factories import make_organisation

pytestmark = pytest.mark.django_db

BASICS = {
    "organisation": "Northside Clinic",
    "timezone": "Europe/Berlin",
    "admin_email": "Ada@clinic.example",
    "shop_identifier": "shop.example",
    "country": "de",
}
EVERYTHING = {
    **BASICS,
    "admin_name": "Ada Admin",
    "admin_password": "correct horse battery",
    "shop_name": "Our Shop",
    "doctor": "Dr Jane Hill",
    "doctor_email": "jane@clinic.example",
    "doctor_timezone": "Europe/London",
    "doctor_mobile_phone": "+44 7700 900123",
    "appointment_type": "Consultation",
    "duration_minutes": 20,
}
TABLES = (Organisation, User, Membership, Shop, Doctor, MeetingRoom, AppointmentType)


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def onboard(**options: object) -> str:
    output = StringIO()
    call_command("onboard", stdout=output, **options)
    return output.getvalue()


def onboard_json(**options: object) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(onboard(json=True, **options))
    return made


def counts() -> list[int]:
    return [model._default_manager.count() for model in (*TABLES, AuditEntry)]


def test_the_basics_make_an_organisation_an_admin_and_a_shop() -> None:
    made = onboard_json(**BASICS)

    organisation = Organisation.objects.get()
    assert (organisation.name, organisation.timezone) == ("Northside Clinic", "Europe/Berlin")
    member = Membership.objects.get()
    assert (member.organisation, member.role) == (organisation, Role.ADMIN)
    assert member.user.email == "ada@clinic.example"
    shop = Shop.objects.get()
    assert (shop.identifier, shop.name, shop.country) == ("shop.example", "shop.example", "DE")
    assert {what: thing["uid"] for what, thing in made.items()} == {
        "organisation": organisation.uid,
        "admin": member.user.uid,
        "shop": shop.uid,
    }


def test_a_generated_password_is_shown_once_and_opens_the_account() -> None:
    password = onboard_json(**BASICS)["admin"]["password"]

    assert len(password) >= 20
    assert User.objects.get().check_password(password)
    assert "password" not in onboard_json(**BASICS)["admin"]
    assert User.objects.get().check_password(password)


def test_a_given_password_is_used_and_not_printed() -> None:
    output = onboard(**BASICS, admin_password="correct horse battery")

    assert User.objects.get().check_password("correct horse battery")
    assert "correct horse battery" not in output


def test_the_password_may_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("from a secret file")
    monkeypatch.setenv("ONBOARD_ADMIN_PASSWORD_FILE", str(tmp_path / "password"))

    onboard(**BASICS)

    assert User.objects.get().check_password("from a secret file")


def test_a_doctor_gets_a_login_a_room_and_the_type() -> None:
    onboard(**EVERYTHING)

    doctor = Doctor.objects.get()
    assert (doctor.display_name, doctor.timezone) == ("Dr Jane Hill", "Europe/London")
    assert (doctor.mobile_phone, doctor.email) == ("+447700900123", "jane@clinic.example")
    assert doctor.user is not None
    assert not doctor.user.has_usable_password()
    assert MeetingRoom.objects.get().doctor == doctor
    kind = AppointmentType.objects.get()
    assert (kind.duration_minutes, kind.slot_interval_minutes) == (20, 20)
    assert list(kind.doctors.all()) == [doctor]


def test_repeating_it_makes_nothing_twice_and_says_so() -> None:
    onboard(**EVERYTHING)
    before = counts()

    output = onboard(**EVERYTHING)

    assert counts() == before
    assert AppointmentTypeDoctor.objects.count() == 1
    lines = output.splitlines()
    assert len(lines) == 5
    assert [line for line in lines if not line.endswith("already there")] == []


def test_repeating_it_with_more_adds_only_that() -> None:
    onboard(**BASICS)

    made = onboard_json(**EVERYTHING)

    assert [what for what, thing in made.items() if thing["is_new"]] == [
        "doctor",
        "appointment_type",
    ]
    assert Shop.objects.get().name == "shop.example"


def test_what_was_made_is_in_the_audit_log() -> None:
    onboard(**EVERYTHING)

    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "organisation.created",
        "member.added",
        "shop.created",
        "doctor.added",
    ]
    assert Patient.objects.count() == 0


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"organisation": "  "}, "organisation, name: This must not be blank."),
        ({"timezone": "Berlin"}, "organisation, timezone: Enter an IANA time zone"),
        ({"timezone": "../../etc/passwd"}, "organisation, timezone: Enter an IANA time zone"),
        ({"admin_email": "ada"}, "admin, email: Enter a valid e-mail address."),
        ({"admin_password": "short"}, "admin, password: This password is too short."),
        ({"shop_identifier": "a\0b"}, "shop, identifier: This contains characters"),
        ({"country": "Germany"}, "shop, country: Enter two letters"),
        ({"country": "ÄÖ"}, "shop, country: Enter two letters"),
        ({"doctor": "x" * 201}, "doctor, name: This may have at most 200"),
        ({"doctor_timezone": "Mars/Olympus"}, "doctor, timezone: Enter an IANA time zone"),
        ({"doctor_mobile_phone": "07700 900123"}, "doctor, mobile_phone: Enter the number with"),
        ({"doctor_email": "jane"}, "doctor, email: Enter a valid e-mail address."),
        ({"doctor": ""}, "doctor: give the doctor's name"),
        ({"appointment_type": " "}, "appointment type, name: This must not be blank."),
        ({"duration_minutes": 4}, "appointment type, duration: Between 5 and 480 minutes."),
        ({"duration_minutes": 10**20}, "appointment type, duration: Between 5 and 480 minutes."),
    ],
)
def test_bad_input_is_refused_in_words_and_nothing_is_written(
    change: dict[str, object], complaint: str
) -> None:
    with pytest.raises(CommandError) as refusal:
        onboard(**{**EVERYTHING, **change})

    assert str(refusal.value).startswith(complaint)
    assert counts() == [0] * len(counts())


@pytest.mark.parametrize("missing", sorted(BASICS))
def test_a_missing_option_is_named(missing: str) -> None:
    given = {name: value for name, value in BASICS.items() if name != missing}

    with pytest.raises(CommandError, match=f"--{missing.replace('_', '-')}"):
        onboard(**given)


def test_an_ambiguous_organisation_is_refused() -> None:
    make_organisation()
    make_organisation()

    with pytest.raises(CommandError, match="Two organisations have this name"):
        onboard(**BASICS)


def test_one_address_cannot_be_two_doctors_of_an_organisation() -> None:
    onboard(**EVERYTHING)

    with pytest.raises(CommandError, match="Another doctor signs in with this address"):
        onboard(**{**EVERYTHING, "doctor": "Dr Other"})
