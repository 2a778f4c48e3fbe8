"""Keeping a visit outside its doctor's hours. NOW is a Monday, 08:00 UTC; no doctor here has hours."""

from datetime import timedelta

import pytest

from appointments import lifecycle
from appointments.coverage import outside_hours
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from organisations.actors import SYSTEM, Actor, ActorKind
from organisations.models import AuditEntry
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_window,
)

pytestmark = pytest.mark.django_db
ADA = Actor(ActorKind.ADMIN, uid="user-ada", label="Ada Admin")


@pytest.fixture
def visit() -> Appointment:
    doctor = make_doctor(organisation=make_organisation(), timezone="UTC")
    return make_appointment(
        patient=make_patient(shop=make_shop(organisation=doctor.organisation)),
        doctor=doctor,
        appointment_type=make_type(organisation=doctor.organisation, doctors=[doctor]),
        starts_at=NOW + timedelta(hours=24),
    )


def audited(visit: Appointment) -> list[str]:
    entries = AuditEntry.objects.filter(object_uid=visit.uid).order_by("id")
    return [entry.action for entry in entries]


def test_a_kept_visit_is_listed_no_more_and_says_who_decided(visit: Appointment) -> None:
    assert outside_hours(visit.doctor, now=NOW) == [visit]

    lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW)

    visit.refresh_from_db()
    assert (visit.kept_outside_hours_at, visit.kept_outside_hours_by) == (NOW, "Ada Admin")
    assert outside_hours(visit.doctor, now=NOW) == []
    assert audited(visit) == ["appointment.kept_outside_hours"]


def test_lifted_it_is_listed_again(visit: Appointment) -> None:
    lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW)

    lifecycle.lift_keep(visit, actor=ADA, now=NOW)

    assert outside_hours(visit.doctor, now=NOW) == [visit]
    assert audited(visit) == ["appointment.kept_outside_hours", "appointment.keep_lifted"]


def test_twice_is_once(visit: Appointment) -> None:
    lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW)
    again = lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW + timedelta(hours=1))

    assert again.kept_outside_hours_at == NOW
    assert audited(visit) == ["appointment.kept_outside_hours"]


def test_lifting_what_is_not_kept_writes_nothing(visit: Appointment) -> None:
    lifecycle.lift_keep(visit, actor=ADA, now=NOW)

    assert audited(visit) == []


def test_a_visit_within_the_hours_gets_no_mark_that_would_hide_it_later(visit: Appointment) -> None:
    make_window(doctor=visit.doctor, weekday=1, start="00:00", end="24:00")

    kept = lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW)

    assert kept.kept_outside_hours_at is None
    assert audited(visit) == []


def test_what_is_called_off_cannot_be_kept(visit: Appointment) -> None:
    lifecycle.cancel(visit, actor=ADA, now=NOW, reason="Doctor is ill")

    with pytest.raises(Refused) as refused:
        lifecycle.keep_outside_hours(visit, actor=ADA, now=NOW)

    assert refused.value.code == "wrong_status"
    assert refused.value.details["status"] == Status.CANCELLED


def test_a_program_does_not_decide(visit: Appointment) -> None:
    with pytest.raises(ValueError, match="does not decide"):
        lifecycle.keep_outside_hours(visit, actor=SYSTEM, now=NOW)
