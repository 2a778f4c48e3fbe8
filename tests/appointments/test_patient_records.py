"""Handing over and erasing everything kept about a patient; the canary is looked for in every column."""

import json
from copy import deepcopy
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection

from appointments import lifecycle, links, patient_records
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from booking_secrets import secrets
from booking_secrets.models import BookingLaunchCode
from notifications import subscriptions
from notifications.models import (
    Channel,
    Delivery,
    DeliveryAttempt,
    Event,
    EventType,
    Suppression,
    SuppressionReason,
)
from organisations import patients
from organisations.models import AuditEntry, Patient
from tests.factories import ADMIN, NOW, PATIENT, make_patient
from tests.standing import Stand

from .clinic import HOUR, MINUTE, START, Clinic

CANARY = "Kanarienvogel"
CONTACT = f"{CANARY.lower()}@patients.example"
LATER = START + 3 * HOUR


@pytest.fixture(scope="module")
def standing_patient(stand: Stand, standing_clinic: Clinic) -> Patient:
    return stand(lambda: _known_everywhere(deepcopy(standing_clinic)))


@pytest.fixture
def patient(db: None, standing_patient: Patient) -> Patient:
    return deepcopy(standing_patient)


def _known_everywhere(clinic: Clinic) -> Patient:
    """Somebody whose name is in a profile, events, deliveries, reasons, a reference and a launch code."""
    subscriptions.create(
        clinic.organisation,
        notification_type=EventType.MEETING_UPDATED,
        target="https://partner.example/hooks/secret-path",
        options=subscriptions.Options(include_contact=True, include_holds=True),
        actor=ADMIN,
        now=NOW,
    )
    profile = [("first_name", CANARY), ("last_name", CANARY), ("email", CONTACT)]
    patient = patients.upsert(clinic.shop, CANARY, [*profile, ("phone", "+4930901820")], now=NOW)
    _lived_through(clinic, patient.patient)
    return patient.patient


def test_the_canary_is_everywhere_before(patient: Patient) -> None:
    assert _tables_with(CANARY) >= {
        "organisations_patient",
        "appointments_appointment",
        "appointments_appointmenttransition",
        "notifications_event",
        "notifications_delivery",
        "notifications_deliveryattempt",
        "notifications_suppression",
    }


def test_erasing_leaves_the_canary_nowhere(patient: Patient) -> None:
    patient_records.erase(patient, actor=ADMIN, now=LATER)

    assert _tables_with(CANARY) == set()
    assert not BookingLaunchCode.objects.exists()


def test_erasing_keeps_that_the_visits_were(patient: Patient) -> None:
    facts = ("uid", "status", "starts_at", "ends_at", "doctor_id", "confirmed_at", "cancelled_by")
    before = list(Appointment.objects.order_by("pk").values(*facts))

    patient_records.erase(patient, actor=ADMIN, now=LATER)

    assert list(Appointment.objects.order_by("pk").values(*facts)) == before
    reasons = Appointment.objects.filter(status=Status.CANCELLED).order_by("pk")
    assert list(reasons.values_list("cancellation_reason", flat=True)) == ["erased", "rebooked"]


def test_erasing_is_audited_without_the_data_and_only_once(patient: Patient) -> None:
    for _ in range(2):
        patient_records.erase(patient, actor=ADMIN, now=LATER)

    entry = AuditEntry.objects.get(action="patient.erased")
    assert (entry.actor_label, entry.object_uid) == ("Ada Admin", patient.uid)


def test_the_links_that_were_mailed_lead_nowhere_afterwards(patient: Patient) -> None:
    visit = Appointment.objects.latest("pk")
    token = links.manage_url(visit).rpartition("/")[2]
    assert links.find_by_manage_token(token) == visit

    patient_records.erase(patient, actor=ADMIN, now=LATER)

    assert links.find_by_manage_token(token) is None


@pytest.mark.parametrize("status", [Status.HELD, Status.CONFIRMED])
def test_while_a_visit_is_held_or_booked_nothing_is_erased(
    clinic: Clinic, patient: Patient, status: Status
) -> None:
    act = {Status.HELD: clinic.hold, Status.CONFIRMED: clinic.book}[status]
    visit = act(LATER + HOUR, patient=patient, now=LATER)

    with pytest.raises(Refused) as refused:
        patient_records.erase(patient, actor=ADMIN, now=LATER)

    assert refused.value.code == "visits_open"
    assert refused.value.details == {"appointment_uids": [visit.uid]}
    assert Patient.objects.get(pk=patient.pk).first_name == CANARY


def test_a_hold_that_ran_out_is_in_nobodys_way(clinic: Clinic, patient: Patient) -> None:
    clinic.hold(LATER + HOUR, patient=patient, now=LATER)

    patient_records.erase(patient, actor=ADMIN, now=LATER + 15 * MINUTE)

    assert Patient.objects.get(pk=patient.pk).erased_at is not None


def test_while_a_message_is_leaving_nothing_is_erased_and_a_minute_later_all(
    patient: Patient,
) -> None:
    Delivery.objects.filter(channel=Channel.WEBHOOK).update(
        lease_token="x", leased_until=LATER + timedelta(seconds=30)
    )

    with pytest.raises(Refused) as refused:
        patient_records.erase(patient, actor=ADMIN, now=LATER)
    assert refused.value.code == "message_leaving"
    assert Patient.objects.get(pk=patient.pk).first_name == CANARY
    assert Delivery.objects.exists()

    patient_records.erase(patient, actor=ADMIN, now=LATER + MINUTE)
    assert not Delivery.objects.exists()


def test_another_patients_messages_and_shared_address_stay(
    clinic: Clinic, patient: Patient
) -> None:
    other = make_patient(shop=clinic.shop, first_name="Otto", email=CONTACT)
    visit = clinic.book(LATER + HOUR, patient=other, now=LATER)

    patient_records.erase(patient, actor=ADMIN, now=LATER)

    assert Delivery.objects.filter(about_uid=visit.uid).exists()
    assert Event.objects.filter(about_uid=visit.uid).exists()
    assert Suppression.objects.get().address == CONTACT
    assert Patient.objects.get(pk=other.pk).first_name == "Otto"


def test_nothing_can_be_booked_for_an_erased_patient(clinic: Clinic, patient: Patient) -> None:
    patient_records.erase(patient, actor=ADMIN, now=LATER)

    with pytest.raises(Refused) as refused:
        clinic.hold(LATER + HOUR, patient=patient, now=LATER)

    assert refused.value.details == {"reason": "not_offered"}


def test_the_export_holds_everything_and_nothing_of_anybody_else(
    clinic: Clinic, patient: Patient
) -> None:
    other = make_patient(shop=clinic.shop, first_name="Otto", email="otto@patients.example")
    clinic.book(LATER + HOUR, patient=other, now=LATER)

    data = patient_records.export(patient, actor=ADMIN, now=LATER)

    text = json.dumps(data)
    assert "otto" not in text.lower()
    profile = data["patient"]
    assert isinstance(profile, dict)
    assert (profile["first_name"], profile["email"], profile["phone"]) == (
        CANARY,
        CONTACT,
        "+4930901820",
    )
    visits = data["appointments"]
    assert isinstance(visits, list)
    assert [visit["status"] for visit in visits] == ["cancelled", "cancelled", "completed"]
    assert visits[0]["cancellation_reason"] == f"{CANARY} called"
    assert [move["to"] for move in visits[0]["history"]] == ["held", "confirmed", "cancelled"]
    assert {"partner.example", CONTACT} == {message["to"] for message in data["messages"]}  # type: ignore[attr-defined]  # a list
    assert "secret-path" not in text
    assert data["suppressed_addresses"] == [
        {"channel": "email", "address": CONTACT, "reason": "bounced"}
    ]
    assert AuditEntry.objects.get(action="patient.exported").object_uid == patient.uid


def _lived_through(clinic: Clinic, patient: Patient) -> None:
    cancelled = clinic.hold(START, patient=patient, client_reference=f"order of {CANARY}")
    lifecycle.confirm(cancelled, actor=PATIENT, now=NOW)
    lifecycle.cancel(
        cancelled, reason=f"{CANARY} called", message=f"Dear {CANARY}", actor=ADMIN, now=NOW
    )
    moved = clinic.book(START + HOUR, patient=patient)
    taken_place = lifecycle.rebook(moved, starts_at=START + 2 * HOUR, actor=PATIENT, now=NOW)
    lifecycle.complete(taken_place, actor=ADMIN, now=START + 2 * HOUR)
    DeliveryAttempt.objects.create(
        delivery=Delivery.objects.filter(channel=Channel.WEBHOOK).latest("pk"),
        number=1,
        started_at=NOW,
        response_excerpt=f"hello {CANARY}",
    )
    Suppression.objects.create(
        organisation=clinic.organisation,
        channel=Channel.EMAIL,
        address=CONTACT,
        reason=SuppressionReason.BOUNCED,
        created_at=NOW,
    )
    secret, _ = secrets.create(clinic.organisation, name="Minter", actor=ADMIN, now=NOW)
    BookingLaunchCode.objects.create(
        organisation=clinic.organisation,
        shop=clinic.shop,
        patient=patient,
        secret=secret,
        digest="0" * 64,
        created_at=NOW,
        expires_at=NOW + HOUR,
    )


def _tables_with(text: str) -> set[str]:
    """Every table of ours with a row that holds the text in any column, whatever its case."""
    found = set()
    ours = (model for model in apps.get_models() if not model.__module__.startswith("django."))
    with connection.cursor() as cursor:
        for table in {model._meta.db_table for model in ours}:
            cursor.execute(
                f'SELECT 1 FROM "{table}" AS t WHERE t::text ILIKE %s LIMIT 1',  # noqa: S608  # our own table's name
                [f"%{text}%"],
            )
            if cursor.fetchone():
                found.add(table)
    return found
