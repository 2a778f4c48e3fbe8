"""Who is told of a booking, a move and a cancellation (behaviour 30)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appointments import notices
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Channel
from notifications.outbox import NewMessage
from organisations.actors import SYSTEM
from tests.factories import (
    ADMIN,
    DOCTOR,
    NOW,
    PARTNER,
    PATIENT,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PATIENT_CONFIRMED = ("appointment.confirmed", "patient", "paula@patients.example")
DOCTOR_CONFIRMED = ("appointment.confirmed", "doctor", "jane.hill@clinic.example")


@pytest.fixture
def visit() -> Appointment:
    """A confirmed visit a day ahead, of a doctor who has a login."""
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation, user=make_user(name="Jane Hill"))
    return make_appointment(
        patient=make_patient(shop=make_shop(organisation=organisation)),
        doctor=doctor,
        appointment_type=make_type(organisation=organisation, doctors=[doctor]),
        starts_at=NOW + DAY,
    )


def follower(visit: Appointment, *, with_another_doctor: bool) -> Appointment:
    """The visit moved by a day, as the verb leaves it."""
    doctor = visit.doctor
    if with_another_doctor:
        doctor = make_doctor(
            organisation=visit.organisation, display_name="Dr Lee", email="lee@clinic.example"
        )
    return make_appointment(
        patient=visit.patient,
        doctor=doctor,
        appointment_type=visit.appointment_type,
        starts_at=visit.starts_at + DAY,
        previous=visit,
    )


def told(messages: list[NewMessage]) -> list[tuple[str, str, str]]:
    assert all(message.channel == Channel.EMAIL for message in messages)
    return [(message.kind, message.recipient_group, message.address) for message in messages]


def test_a_confirmation_tells_the_patient_and_the_doctor_of_a_visit_within_48_hours(
    visit: Appointment,
) -> None:
    visit.starts_at = NOW + timedelta(hours=48)
    messages = notices.confirmed(visit, actor=PARTNER, now=NOW)

    assert told(messages) == [PATIENT_CONFIRMED, DOCTOR_CONFIRMED]
    assert {message.subject_uid for message in messages} == {visit.uid}
    assert [message.recipient_uid for message in messages] == [
        visit.patient.uid,
        visit.doctor.uid,
    ]


def test_a_confirmation_further_ahead_does_not_tell_the_doctor(visit: Appointment) -> None:
    visit.starts_at = NOW + timedelta(hours=48, seconds=1)

    assert told(notices.confirmed(visit, actor=PARTNER, now=NOW)) == [PATIENT_CONFIRMED]


def test_a_patient_who_books_still_gets_the_links_and_the_invitation(visit: Appointment) -> None:
    patient = replace(PATIENT, uid=visit.patient.uid)

    assert PATIENT_CONFIRMED in told(notices.confirmed(visit, actor=patient, now=NOW))
    assert told(notices.cancelled(visit, actor=patient, now=NOW))[0][1] == "patient"


def test_the_doctor_who_acts_is_not_told(visit: Appointment) -> None:
    user = visit.doctor.user
    assert user is not None
    myself = replace(DOCTOR, uid=user.uid)

    assert told(notices.confirmed(visit, actor=myself, now=NOW)) == [PATIENT_CONFIRMED]
    assert told(notices.cancelled(visit, actor=myself, now=NOW)) == [
        ("appointment.cancelled", "patient", "paula@patients.example")
    ]
    colleague = replace(DOCTOR, uid="usr-colleague")
    assert len(notices.cancelled(visit, actor=colleague, now=NOW)) == 2


def test_a_move_tells_the_patient_and_the_doctor_of_the_new_visit(visit: Appointment) -> None:
    new = follower(visit_as_cancelled(visit), with_another_doctor=False)
    messages = notices.moved(visit, new, actor=ADMIN, now=NOW)

    assert told(messages) == [
        ("appointment.moved", "patient", "paula@patients.example"),
        ("appointment.moved", "doctor", "jane.hill@clinic.example"),
    ]
    assert {message.subject_uid for message in messages} == {new.uid}


def test_when_the_doctor_changes_the_old_one_hears_of_the_cancelled_visit(
    visit: Appointment,
) -> None:
    new = follower(visit_as_cancelled(visit), with_another_doctor=True)
    messages = notices.moved(visit, new, actor=ADMIN, now=NOW)

    assert told(messages) == [
        ("appointment.moved", "patient", "paula@patients.example"),
        ("appointment.moved", "doctor", "lee@clinic.example"),
        ("appointment.handed_over", "doctor", "jane.hill@clinic.example"),
    ]
    assert [message.subject_uid for message in messages] == [new.uid, new.uid, visit.uid]


def test_a_cancellation_tells_patient_and_doctor(visit: Appointment) -> None:
    assert told(notices.cancelled(visit, actor=ADMIN, now=NOW)) == [
        ("appointment.cancelled", "patient", "paula@patients.example"),
        ("appointment.cancelled", "doctor", "jane.hill@clinic.example"),
    ]


def test_a_cancelled_hold_tells_no_one(visit: Appointment) -> None:
    visit.confirmed_at = None

    assert notices.cancelled(visit, actor=PATIENT, now=NOW) == []


def test_unticked_the_patient_hears_nothing(visit: Appointment) -> None:
    new = follower(visit_as_cancelled(visit), with_another_doctor=False)
    batches = (
        notices.confirmed(visit, actor=ADMIN, now=NOW, tell_patient=False),
        notices.moved(visit, new, actor=ADMIN, now=NOW, tell_patient=False),
        notices.cancelled(visit, actor=ADMIN, now=NOW, tell_patient=False),
    )

    assert [[message.recipient_group for message in batch] for batch in batches] == [["doctor"]] * 3


def test_where_the_partner_tells_the_patients_we_do_not(visit: Appointment) -> None:
    visit.shop.partner_tells_patients = True
    new = follower(visit_as_cancelled(visit), with_another_doctor=False)
    new.shop.partner_tells_patients = True
    batches = (
        notices.confirmed(visit, actor=PARTNER, now=NOW),
        notices.moved(visit, new, actor=PARTNER, now=NOW),
        notices.cancelled(visit, actor=PARTNER, now=NOW),
    )

    assert [[message.recipient_group for message in batch] for batch in batches] == [["doctor"]] * 3


def test_who_cannot_be_reached_is_recorded_with_the_reason(visit: Appointment) -> None:
    visit.patient.email = ""
    user = visit.doctor.user
    assert user is not None
    user.is_active = False

    reasons = [message.skip_reason for message in notices.cancelled(visit, actor=ADMIN, now=NOW)]

    assert reasons == ["no e-mail address", "the user is deactivated"]


def test_a_doctor_without_an_address_of_their_own_is_told_at_their_login(
    visit: Appointment,
) -> None:
    visit.doctor.email = ""
    user = visit.doctor.user
    assert user is not None

    assert told(notices.cancelled(visit, actor=SYSTEM, now=NOW))[1][2] == user.email


def test_the_pages_show_the_list_that_is_then_told(visit: Appointment) -> None:
    new = follower(visit_as_cancelled(visit), with_another_doctor=True)
    shown = notices.who_will_be_told_of_move(visit, new_doctor=new.doctor, actor=ADMIN)

    assert [recipient.name for recipient in shown] == ["Paula Patient", "Dr Lee", "Dr Jane Hill"]
    assert [recipient.address for recipient in shown] == [
        message.address for message in notices.moved(visit, new, actor=ADMIN, now=NOW)
    ]


def visit_as_cancelled(visit: Appointment) -> Appointment:
    visit.status = Status.CANCELLED
    visit.cancelled_at = NOW
    visit.cancelled_by = "admin"
    visit.cancellation_reason = "rebooked"
    visit.save()
    return visit
