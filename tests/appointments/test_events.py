"""The appointment as programs see it: the contract's keys in the contract's order, and its values."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import events, lifecycle, links
from appointments.events import representation
from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch
from notifications.models import EventType
from tests.factories import ADMIN, NOW, PARTNER, PATIENT

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db

# Section 3 of the contract, word for word.
CONTRACT = """
uid status doctor_uid doctor_display_name patient_uid patient_display_name appointment_type_uid
appointment_type_name meeting_type shop_uid shop_identifier shop_customer_id client_reference starts_at
ends_at timezone hold_expires_at confirmed_at cancelled_at cancelled_by cancellation_reason
cancellation_message status_changed_by previous_meeting_uid rebooked_to_uid rebooking_mode
cancellable_until rebookable_until join_url created_at updated_at
"""
KEYS = CONTRACT.split()


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(cancellation_notice_minutes=90, buffer_before_minutes=10)


def shown(visit: Appointment, *, now: object = NOW) -> dict[str, object]:
    return representation(visit, now=now, shows_staff_reason=False)  # type: ignore[arg-type]  # an instant


def test_the_keys_are_the_contracts_in_its_order(clinic: Clinic) -> None:
    held = clinic.hold()

    assert list(shown(held)) == KEYS
    confirmed = lifecycle.confirm(held, actor=PATIENT, now=NOW)
    assert list(shown(confirmed)) == KEYS


def test_a_hold_is_shown_whole(clinic: Clinic) -> None:
    patient = clinic.new_patient()
    held = clinic.hold(patient=patient, actor=PARTNER, client_reference="order-7")

    assert shown(held) == {
        "uid": held.uid,
        "status": "held",
        "doctor_uid": clinic.doctor.uid,
        "doctor_display_name": "Dr Number 0",
        "patient_uid": patient.uid,
        "patient_display_name": "Paula Patient",
        "appointment_type_uid": clinic.kind.uid,
        "appointment_type_name": "Consultation",
        "meeting_type": "CONSULTATION",
        "shop_uid": clinic.shop.uid,
        "shop_identifier": clinic.shop.identifier,
        "shop_customer_id": patient.shop_customer_id,
        "client_reference": "order-7",
        "starts_at": to_epoch(START),
        "ends_at": to_epoch(START + 30 * MINUTE),
        "timezone": "Europe/Berlin",
        "hold_expires_at": to_epoch(NOW + 15 * MINUTE),
        "confirmed_at": None,
        "cancelled_at": None,
        "cancelled_by": None,
        "cancellation_reason": None,
        "cancellation_message": None,
        "status_changed_by": "partner",
        "previous_meeting_uid": None,
        "rebooked_to_uid": None,
        "rebooking_mode": "any_doctor",
        "cancellable_until": to_epoch(START - 90 * MINUTE),
        "rebookable_until": to_epoch(START - HOUR),
        "join_url": None,
        "created_at": to_epoch(NOW),
        "updated_at": to_epoch(NOW),
    }


def test_what_was_not_given_is_null(clinic: Clinic) -> None:
    patient = clinic.new_patient()
    patient.first_name = patient.last_name = ""
    patient.save()

    held = shown(clinic.hold(patient=patient))

    assert (held["client_reference"], held["patient_display_name"]) == (None, None)


def test_a_confirmed_visit_names_its_join_link_and_no_longer_runs_out(clinic: Clinic) -> None:
    visit = clinic.book()

    confirmed = shown(visit)

    assert (confirmed["status"], confirmed["confirmed_at"]) == ("confirmed", to_epoch(NOW))
    assert confirmed["hold_expires_at"] is None
    assert confirmed["join_url"] == links.join_url(visit)
    lifecycle.cancel(visit, actor=PATIENT, now=NOW)
    visit.refresh_from_db()
    assert shown(visit)["join_url"] is None


def test_a_hold_that_ran_out_reads_expired_by_the_system(clinic: Clinic) -> None:
    held = clinic.hold(actor=PARTNER)

    assert held.status == Status.HELD
    after = shown(held, now=NOW + 15 * MINUTE)
    assert (after["status"], after["status_changed_by"]) == ("expired", "system")


def test_a_list_of_them_costs_one_statement(clinic: Clinic) -> None:
    old = clinic.book()
    lifecycle.rebook(old, starts_at=START + HOUR, actor=PATIENT, now=NOW)
    clinic.hold(START + 2 * HOUR)

    with CaptureQueriesContext(connection) as captured:
        visits = [shown(each) for each in Appointment.objects.for_display().order_by("id")]

    assert len(visits) == 3
    assert len(captured) == 1


class TestTheEvent:
    def test_it_is_the_representation_with_the_previous_status_and_hides_what_is_private(
        self, clinic: Clinic
    ) -> None:
        visit = clinic.book()

        event = events.meeting_updated(visit, previous_status=Status.HELD, now=NOW)

        assert event.event_type == EventType.MEETING_UPDATED
        assert (event.subject_uid, event.about_uid) == (visit.uid, visit.uid)
        assert event.data == {**shown(visit), "previous_status": "held"}
        assert list(event.data) == [*KEYS, "previous_status"]
        assert event.contact_paths == ("patient_display_name", "join_url")
        assert event.timestamp == to_epoch(NOW) + 1  # the hold's event came in the same second

    def test_a_hold_that_was_never_confirmed_is_for_those_who_asked_for_holds(
        self, clinic: Clinic
    ) -> None:
        held = clinic.hold()
        cancelled = lifecycle.cancel(held, actor=PATIENT, now=NOW)
        booked = clinic.book()

        def is_hold_event(visit: Appointment) -> bool:
            return events.meeting_updated(visit, previous_status=None, now=NOW).is_hold_event

        assert is_hold_event(cancelled)
        assert not is_hold_event(booked)

    def test_it_never_carries_a_reason_of_the_staff(self, clinic: Clinic) -> None:
        visit = lifecycle.cancel(clinic.book(), reason="Fraud", actor=ADMIN, now=NOW)

        event = events.meeting_updated(visit, previous_status=Status.CONFIRMED, now=NOW)

        assert event.data["cancellation_reason"] is None
