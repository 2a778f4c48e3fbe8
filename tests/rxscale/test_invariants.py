"""Each invariant holds after real work, finds the row that breaks it, and costs a bounded number of rows."""

from copy import deepcopy
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import lifecycle
from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from notifications.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Event,
    EventType,
    NotificationSubscription,
)
from reminders.models import AppointmentReminderSent
from rxscale import invariants
from tests.appointments.clinic import HOUR, START, Clinic, make_clinic
from tests.factories import (
    NOW,
    PATIENT,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
)
from tests.notifications.world import subscribe
from tests.reminders.world import World, tick
from tests.standing import Stand

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def standing_lived(stand: Stand) -> Appointment:
    return stand(_lived)


@pytest.fixture
def lived(standing_lived: Appointment) -> Appointment:
    return deepcopy(standing_lived)


def _lived() -> Appointment:
    """A clinic with every kind of row: moved, cancelled, reminded, told to a subscriber. The moved visit."""
    clinic = make_clinic()
    subscribe(clinic.organisation, "https://partner.example/")
    NotificationSubscription.objects.update(created_at=NOW - HOUR)
    visit = _confirmed(clinic)
    moved = lifecycle.rebook(visit, starts_at=START + 4 * HOUR, actor=PATIENT, now=NOW)
    lifecycle.cancel(_confirmed(clinic, START + HOUR), actor=PATIENT, now=NOW)
    world = World()
    world.rule(60, send_sms=True)
    world.visit(NOW + HOUR)
    tick(NOW)
    Delivery.objects.update(attempt_count=1)
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(delivery=row, number=1, started_at=NOW) for row in Delivery.objects.all()
    )
    return moved


def _confirmed(clinic: Clinic, starts_at: datetime = START) -> Appointment:
    return lifecycle.confirm(clinic.hold(starts_at), actor=PATIENT, now=NOW)


def broken(newest: int | None = None) -> dict[str, list[str]]:
    return {row.name: list(row.uids) for row in invariants.violations(newest=newest)}


def _confirmed_beside(visit: Appointment) -> Appointment:
    """Another booked visit of the same organisation, two hours later."""
    return make_appointment(
        patient=make_patient(shop=visit.shop),
        doctor=visit.doctor,
        appointment_type=visit.appointment_type,
        starts_at=visit.starts_at + 2 * HOUR,
        status=Status.CONFIRMED,
        confirmed_at=NOW,
    )


def without(constraint: str) -> None:
    """Take a constraint away, as a careless repair of a database might."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint WHERE conname = %s", [constraint]
        )
        (table,) = cursor.fetchone() or ("",)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def test_all_hold_in_a_clinic_that_has_lived(lived: Appointment) -> None:
    assert AppointmentReminderSent.objects.exists()
    assert Delivery.objects.filter(channel=Channel.WEBHOOK).exists()
    assert broken() == {}


def test_a_doctor_who_is_booked_twice_is_found(lived: Appointment) -> None:
    without("appointment_no_doctor_twice_at_once")
    twin = Appointment.objects.get(pk=lived.pk)
    twin.pk, twin.uid, twin.previous, twin.patient = (
        None,
        "mtg-twin",
        None,
        make_patient(shop=lived.shop),
    )
    twin.save()

    assert set(broken()["no_doctor_twice"]) == {lived.uid, "mtg-twin"}


def test_a_patient_who_is_booked_twice_is_found(lived: Appointment) -> None:
    without("appointment_no_patient_twice_at_once")
    other = _confirmed_beside(lived)
    colleague = make_doctor(organisation=lived.organisation, email="")
    Appointment.objects.filter(pk=other.pk).update(
        patient=lived.patient,
        doctor=colleague,
        starts_at=lived.starts_at,
        ends_at=lived.ends_at,
        blocked_from=lived.blocked_from,
        blocked_until=lived.blocked_until,
    )

    assert set(broken()["no_patient_twice"]) == {lived.uid, other.uid}


def test_a_moved_visit_whose_old_one_still_stands_is_found(lived: Appointment) -> None:
    Appointment.objects.filter(rebooked_to=lived).update(cancellation_reason="changed my mind")

    assert broken()["chain_holds"] == [lived.uid]


def test_a_status_that_is_not_in_the_history_is_found(lived: Appointment) -> None:
    Appointment.objects.filter(pk=lived.pk).update(status="completed")

    assert broken() == {"history_ends": [lived.uid]}


def test_a_move_that_is_missing_in_the_history_is_found(lived: Appointment) -> None:
    AppointmentTransition.objects.filter(appointment=lived.previous_id, to_status="held").delete()

    assert lived.previous is not None
    assert broken() == {"history_connects": [lived.previous.uid]}


def test_a_move_nobody_was_told_of_is_found(lived: Appointment) -> None:
    Event.objects.create(  # an older one, so that the others are not what retention has left
        organisation=lived.organisation,
        event_type=EventType.REMINDER_DUE,
        timestamp=1,
        subject_uid="sent-1",
        about_uid="mtg-1",
        data={},
        created_at=NOW - timedelta(days=1),
    )
    Event.objects.filter(about_uid=lived.uid).delete()

    assert broken() == {"moves_are_told": [lived.uid]}


def test_an_event_that_was_not_handed_to_a_subscriber_is_found(lived: Appointment) -> None:
    delivery = Delivery.objects.filter(channel=Channel.WEBHOOK, about_uid=lived.uid).get()
    delivery.delete()

    assert delivery.event is not None
    assert broken() == {"events_are_owed": [delivery.event.uid]}


def test_a_reminder_that_is_recorded_twice_is_found(lived: Appointment) -> None:
    without("reminder_is_dealt_with_once_per_recipient")
    row = AppointmentReminderSent.objects.get()
    first, row.pk, row.uid = row.uid, None, "sent-twin"
    row.save()

    assert set(broken()["reminded_once"]) == {first, "sent-twin"}


@pytest.mark.parametrize("off", [-timedelta(minutes=1), timedelta(minutes=60)])
def test_a_reminder_before_its_time_or_after_the_start_is_found(
    lived: Appointment, off: timedelta
) -> None:
    row = AppointmentReminderSent.objects.get()
    AppointmentReminderSent.objects.update(created_at=row.due_at + off)

    assert broken() == {"reminded_in_time": [row.uid]}


def test_an_sms_that_was_sent_again_after_silence_is_found(lived: Appointment) -> None:
    sms = Delivery.objects.get(channel=Channel.SMS)
    DeliveryAttempt.objects.create(delivery=sms, number=2, started_at=NOW)

    assert broken() == {"sms_once": [sms.uid], "attempts_counted": [sms.uid]}


def test_a_row_that_names_another_organisations_is_found(lived: Appointment) -> None:
    stranger = make_organisation()
    row = AppointmentTransition.objects.filter(appointment=lived).get()
    AppointmentTransition.objects.filter(pk=row.pk).update(organisation=stranger)

    assert broken() == {"no_foreign_row": [str(row.pk)]}


def test_only_the_newest_rows_are_asked_when_a_bound_is_given(lived: Appointment) -> None:
    Appointment.objects.filter(pk=lived.pk).update(status="completed")

    assert broken(newest=1) == {}
    assert broken(newest=50) == {"history_ends": [lived.uid]}


def test_each_is_one_statement(lived: Appointment) -> None:
    with CaptureQueriesContext(connection) as queries:
        invariants.violations(newest=10)

    assert len(queries) == len(invariants.INVARIANTS)
