"""Holding, confirming, reading, moving and cancelling, as a partner with a booking token does it."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from booking_secrets.models import BookingLaunchCode
from common.clock import from_epoch, to_epoch, utc_now
from organisations.models import Patient
from tests.factories import make_doctor, open_all_week

from .world import TOKEN_HEADER, Clinic, Partner, make_clinic, on_the_grid, with_token

# The contract's words, in its order.
_KEYS = """
uid status doctor_uid doctor_display_name patient_uid patient_display_name appointment_type_uid
appointment_type_name meeting_type shop_uid shop_identifier shop_customer_id client_reference
starts_at ends_at timezone hold_expires_at confirmed_at cancelled_at cancelled_by
cancellation_reason cancellation_message status_changed_by previous_meeting_uid rebooked_to_uid
rebooking_mode cancellable_until rebookable_until join_url created_at updated_at
"""


@pytest.fixture
def partner(clinic: Clinic) -> Partner:
    return with_token(clinic)


def booked(clinic: Clinic, partner: Partner, **body: Any) -> dict[str, Any]:
    held = partner.hold(clinic, on_the_grid(timedelta(hours=5)), **body).json()
    confirmed: dict[str, Any] = partner.post(f"/appointments/{held['uid']}/confirm").json()
    return confirmed


def test_a_hold_answers_with_every_documented_key(clinic: Clinic, partner: Partner) -> None:
    start = on_the_grid(timedelta(hours=5))

    response = partner.hold(clinic, start, client_reference="order-7", unknown_key=[1])

    body = response.json()
    assert response.status_code == 201
    assert list(body) == _KEYS.split()
    patient = Patient.objects.get()
    facts = {
        "status": "held",
        "doctor_uid": clinic.doctor.uid,
        "patient_uid": patient.uid,
        "patient_display_name": None,
        "shop_identifier": clinic.shop.identifier,
        "shop_customer_id": "customer-1",
        "client_reference": "order-7",
        "starts_at": to_epoch(start),
        "ends_at": to_epoch(start) + 1800,
        "timezone": "UTC",
        "confirmed_at": None,
        "status_changed_by": "patient",
        "rebooked_to_uid": None,
        "join_url": None,
    }
    assert {name: body[name] for name in facts} == facts
    assert 895 <= body["hold_expires_at"] - body["created_at"] <= 900


def test_hold_confirm_rebook_cancel(clinic: Clinic, partner: Partner) -> None:
    first = booked(clinic, partner, client_reference="order-7")
    later = first["starts_at"] + 7200

    moved = partner.post(f"/appointments/{first['uid']}/rebook", starts_at=later)
    old = partner.get(f"/appointments/{first['uid']}").json()
    cancelled = partner.post(f"/appointments/{moved.json()['uid']}/cancel", reason="Feeling better")

    assert first["status"] == "confirmed"
    assert first["join_url"].startswith("http")
    assert moved.status_code == 201
    new = moved.json()
    assert (new["status"], new["starts_at"]) == ("confirmed", later)
    assert (new["previous_meeting_uid"], new["client_reference"]) == (first["uid"], "order-7")
    assert (old["status"], old["rebooked_to_uid"]) == ("cancelled", new["uid"])
    assert (old["cancelled_by"], old["cancellation_reason"]) == ("patient", "rebooked")
    assert cancelled.status_code == 200
    body = cancelled.json()
    assert (body["status"], body["cancelled_by"]) == ("cancelled", "patient")
    assert (body["cancellation_reason"], body["join_url"]) == ("Feeling better", None)


def test_any_doctor_is_chosen_and_a_named_one_is_kept(clinic: Clinic) -> None:
    other = clinic.second_doctor()
    start = on_the_grid(timedelta(hours=5))

    named = with_token(clinic, "a").hold(clinic, start, doctor_uid=other.uid).json()
    chosen = with_token(clinic, "b").hold(clinic, start).json()
    third = with_token(clinic, "c").hold(clinic, start)

    assert named["doctor_uid"] == other.uid
    assert chosen["doctor_uid"] == clinic.doctor.uid
    assert third.status_code == 409
    assert third.json()["code"] == "slot_taken"


def test_a_post_creates_the_patient_and_a_get_stores_nothing(
    clinic: Clinic, partner: Partner
) -> None:
    empty = partner.get("/appointments")
    absent = partner.get("/appointments/mtg-none")
    assert empty.json() == {"data": [], "totalRegistries": 0, "totalPages": 0}
    assert absent.status_code == 404
    assert not Patient.objects.exists()

    partner.hold(clinic, on_the_grid(timedelta(hours=5)))

    patient = Patient.objects.get()
    assert (patient.shop, patient.shop_customer_id) == (clinic.shop, "customer-1")


def test_a_profile_value_that_cannot_be_used_is_a_warning(clinic: Clinic) -> None:
    fields = [
        {"field": "first_name", "value": "Paula", "source": "shop"},
        {"field": "email", "value": "not an address", "source": "shop"},
        {"field": "shoe_size", "value": "38", "source": "shop"},
    ]
    partner = with_token(clinic, patient_profile_fields=fields)

    held = partner.hold(clinic, on_the_grid(timedelta(hours=5)))
    code = partner.post("/booking-launch-codes")

    assert held.status_code == 201
    assert held.json()["patient_display_name"] == "Paula"
    assert [warning["field"] for warning in held.json()["warnings"]] == ["email", "shoe_size"]
    assert all(warning["message"] for warning in held.json()["warnings"])
    assert code.json()["warnings"] == held.json()["warnings"]
    assert Patient.objects.get().email == ""


def test_the_history_names_the_patient_by_uid(clinic: Clinic, partner: Partner) -> None:
    uid = booked(clinic, partner)["uid"]

    moves = AppointmentTransition.objects.filter(appointment__uid=uid)

    patient = Patient.objects.get()
    assert [(m.to_status, m.actor_kind, m.actor_uid) for m in moves] == [
        ("held", "patient", patient.uid),
        ("confirmed", "patient", patient.uid),
    ]


def test_a_list_without_filters_shows_what_is_held_or_confirmed_and_ahead(
    clinic: Clinic, partner: Partner
) -> None:
    patient = clinic.patient()
    now = utc_now()
    day = timedelta(days=1)
    start = on_the_grid(day)
    rows = {
        status: clinic.appointment(patient, status=status, starts_at=start + index * day)
        for index, status in enumerate(Status)
    }
    past = clinic.appointment(patient, starts_at=on_the_grid(-2 * day))
    run_out = clinic.appointment(
        patient, status=Status.HELD, starts_at=start + 8 * day, hold_expires_at=now
    )
    strange = clinic.appointment(clinic.patient("customer-2"), starts_at=start + 9 * day)

    def listed(**query: Any) -> list[str]:
        return [row["uid"] for row in partner.get("/appointments", **query).json()["data"]]

    by_status = {status: [row.uid] for status, row in rows.items()}
    by_status[Status.CONFIRMED] = [past.uid, rows[Status.CONFIRMED].uid]
    by_status[Status.EXPIRED] = [rows[Status.EXPIRED].uid, run_out.uid]
    assert listed() == [rows[Status.HELD].uid, rows[Status.CONFIRMED].uid]
    assert {status: listed(status=status) for status in Status} == by_status
    assert listed(status="all") == [past.uid, *(r.uid for r in rows.values()), run_out.uid]
    assert listed(from_=0) == [past.uid, rows[Status.HELD].uid, rows[Status.CONFIRMED].uid]
    assert strange.uid not in listed(status="all")


def test_a_hold_that_ran_out_reads_expired_everywhere(clinic: Clinic, partner: Partner) -> None:
    row = clinic.appointment(clinic.patient(), status=Status.HELD, hold_expires_at=utc_now())

    one = partner.get(f"/appointments/{row.uid}").json()
    expired = partner.get("/appointments", status="expired").json()

    assert (one["status"], one["status_changed_by"]) == ("expired", "system")
    assert (expired["totalRegistries"], expired["data"][0]["status"]) == (1, "expired")
    assert partner.get("/appointments", status="held").json()["totalRegistries"] == 0


def test_list_bounds_are_inclusive_and_references_match_exactly(
    clinic: Clinic, partner: Partner
) -> None:
    patient = clinic.patient()
    start = on_the_grid(timedelta(days=1))
    hour = timedelta(hours=1)
    rows = [
        clinic.appointment(patient, starts_at=start + n * hour, client_reference=f"order-{n}")
        for n in range(3)
    ]
    at = to_epoch(start)

    def listed(**query: Any) -> list[str]:
        return [row["uid"] for row in partner.get("/appointments", **query).json()["data"]]

    assert listed(from_=at, to=at + 3600) == [rows[0].uid, rows[1].uid]
    assert listed(client_reference="order-2") == [rows[2].uid]
    assert listed(client_reference="order") == []
    assert listed(limit=1, page=1) == [rows[1].uid]
    assert partner.get("/appointments", from_=at, to=at).status_code == 400
    assert partner.get("/appointments", status="booked").status_code == 400


def test_rebook_slots_leave_out_the_visits_own_time(clinic: Clinic, partner: Partner) -> None:
    visit = booked(clinic, partner)
    at = visit["starts_at"]
    clinic.appointment(clinic.patient("b"), starts_at=from_epoch(at + 3600))

    def starts(path: str, **query: Any) -> list[int]:
        body = partner.get(path, from_=at - 1800, to=at + 5400, **query).json()
        return [slot["starts_at"] for slot in body["data"]]

    listed = starts(f"/appointments/{visit['uid']}/rebook-slots")

    # Its own start would be "unchanged"; everything else listed can be rebooked.
    assert listed == [at - 1800, at + 1800]
    moved = partner.post(f"/appointments/{visit['uid']}/rebook", starts_at=listed[0])
    unchanged = partner.post(f"/appointments/{moved.json()['uid']}/rebook", starts_at=listed[0])
    assert moved.status_code == 201
    assert (unchanged.status_code, unchanged.json()["reason"]) == (409, "unchanged")


def test_rebook_slots_follow_the_visits_mode_and_notice(clinic: Clinic, partner: Partner) -> None:
    other = clinic.second_doctor()
    patient = clinic.patient()
    start = on_the_grid(timedelta(days=1))
    at = to_epoch(start)
    free = clinic.appointment(patient, starts_at=start)
    bound = clinic.appointment(patient, starts_at=start + timedelta(hours=2))
    Appointment.objects.filter(pk=bound.pk).update(rebooking_mode="same_doctor")
    late = clinic.appointment(patient, starts_at=on_the_grid(timedelta(0)))
    Appointment.objects.filter(pk=late.pk).update(rebooking_notice_minutes=600)
    held = clinic.appointment(patient, status=Status.HELD, starts_at=start + timedelta(hours=4))

    def slots(row: Appointment) -> Any:
        return partner.get(f"/appointments/{row.uid}/rebook-slots", from_=at, to=at + 60).json()

    both = {(at, other.uid)}
    assert {(s["starts_at"], s["doctor_uid"]) for s in slots(free)["data"]} == both
    assert slots(bound) == {"data": [], "next_available_at": at + 1800}
    nothing: dict[str, Any] = {"data": [], "next_available_at": None}
    assert slots(late) == nothing
    assert slots(held) == nothing


def test_a_visit_of_one_doctor_cannot_be_moved_to_another(clinic: Clinic) -> None:
    strict = make_clinic(name="Strict", rebooking_mode="same_doctor")
    other = strict.second_doctor()
    partner = with_token(strict)
    visit = booked(strict, partner, doctor_uid=strict.doctor.uid)

    response = partner.post(
        f"/appointments/{visit['uid']}/rebook",
        starts_at=visit["starts_at"] + 7200,
        doctor_uid=other.uid,
    )

    assert (response.status_code, response.json()["code"]) == (409, "rebooking_mode_violated")


def test_what_is_not_of_the_organisation_cannot_be_booked(clinic: Clinic, partner: Partner) -> None:
    elsewhere = make_clinic(name="Elsewhere")
    start = on_the_grid(timedelta(hours=5))
    idle = make_doctor(organisation=clinic.organisation)
    open_all_week(idle)

    foreign_type = partner.hold(elsewhere, start)
    foreign_doctor = partner.hold(clinic, start, doctor_uid=elsewhere.doctor.uid)
    unfit = partner.hold(clinic, start, doctor_uid=idle.uid)

    assert foreign_type.status_code == foreign_doctor.status_code == 404
    assert (unfit.status_code, unfit.json()["code"]) == (409, "slot_unavailable")
    assert unfit.json()["reason"] == "not_offered"


def test_a_launch_code_opens_the_booking_page_of_the_patient(
    clinic: Clinic, partner: Partner
) -> None:
    response = partner.post("/booking-launch-codes")

    body = response.json()
    assert response.status_code == 201
    assert list(body) == ["booking_launch_code", "expires_at", "booking_url"]
    assert body["booking_url"].endswith(f"/book/?booking_launch_code={body['booking_launch_code']}")
    assert 595 <= body["expires_at"] - to_epoch(utc_now()) <= 600
    browser = Client()
    page = browser.get(body["booking_url"].removeprefix(settings.BASE_URL))
    assert page.status_code == 200
    code = {"booking_launch_code": body["booking_launch_code"]}
    opened = browser.post("/book/", code, follow=True)
    assert opened.redirect_chain == [("/book/choose", 302)]
    assert b"When suits you?" in opened.content


def test_what_of_the_profile_could_not_be_used_waits_with_the_code(clinic: Clinic) -> None:
    token = clinic.token(
        "a", patient_profile_fields=[{"field": "email", "value": "nobody", "source": "shop"}]
    )

    body = Partner({TOKEN_HEADER: token}).post("/booking-launch-codes").json()

    row = BookingLaunchCode.objects.get()
    assert [warning["field"] for warning in row.warnings] == ["email"]
    assert row.warnings == body["warnings"]
