"""The same calls with an API key: for any patient of its organisation, or of the shop it is bound to."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment, AppointmentTransition
from common.clock import to_epoch, utc_now
from organisations import api_keys
from organisations.models import ApiKey, Permission
from tests.factories import ADMIN, make_patient, make_shop

from .world import KEY_HEADER, TOKEN_HEADER, Clinic, Partner, make_clinic, on_the_grid, with_key

ABSENT = {"error": "Resource not found", "code": "not_found"}


@pytest.fixture
def partner(clinic: Clinic) -> Partner:
    return with_key(clinic)


def test_a_key_holds_confirms_rebooks_and_cancels_as_the_partner(
    clinic: Clinic, partner: Partner
) -> None:
    patient = clinic.patient()
    start = on_the_grid(timedelta(hours=5))

    held = partner.hold(clinic, start, patient_profile_uid=patient.uid, shop_uid=clinic.shop.uid)
    path = f"/appointments/{held.json()['uid']}"
    confirmed = partner.post(f"{path}/confirm")
    moved = partner.post(f"{path}/rebook", starts_at=to_epoch(start) + 3600)
    cancelled = partner.post(f"/appointments/{moved.json()['uid']}/cancel")

    assert [r.status_code for r in (held, confirmed, moved, cancelled)] == [201, 200, 201, 200]
    assert held.json()["status_changed_by"] == "partner"
    assert cancelled.json()["cancelled_by"] == "partner"
    key = ApiKey.objects.get()
    actors = AppointmentTransition.objects.values_list("actor_kind", "actor_uid", "actor_label")
    assert set(actors) == {("partner", key.uid, "Integrator")}


def test_a_hold_needs_the_patient(clinic: Clinic, partner: Partner) -> None:
    start = on_the_grid(timedelta(hours=5))
    foreign = make_clinic(name="Elsewhere").patient()
    other_shop = make_shop(organisation=clinic.organisation)

    missing = partner.hold(clinic, start)
    null = partner.hold(clinic, start, patient_profile_uid=None)
    absent = partner.hold(clinic, start, patient_profile_uid="pp-none")
    theirs = partner.hold(clinic, start, patient_profile_uid=foreign.uid)
    wrong_shop = partner.hold(
        clinic, start, patient_profile_uid=clinic.patient().uid, shop_uid=other_shop.uid
    )

    for response in (missing, null):
        assert response.status_code == 400
        assert set(response.json()["errors"]) == {"patient_profile_uid"}
    for response in (absent, theirs, wrong_shop):
        assert (response.status_code, response.json()) == (404, ABSENT)
    assert not Appointment.objects.exists()


def test_a_list_needs_the_patient_and_calls_on_one_appointment_do_not(
    clinic: Clinic, partner: Partner
) -> None:
    row = clinic.appointment(clinic.patient())
    clinic.appointment(clinic.patient("b"), starts_at=row.starts_at + timedelta(hours=1))

    missing = partner.get("/appointments")
    listed = partner.get("/appointments", patient_profile_uid=row.patient.uid)
    absent = partner.get("/appointments", patient_profile_uid="pp-none")

    assert missing.status_code == 400
    assert missing.json()["error"] == "Missing required parameters: patient_profile_uid"
    assert set(missing.json()["errors"]) == {"patient_profile_uid"}
    assert [each["uid"] for each in listed.json()["data"]] == [row.uid]
    assert (absent.status_code, absent.json()) == (404, ABSENT)
    assert partner.get(f"/appointments/{row.uid}").json()["uid"] == row.uid


def test_a_key_bound_to_a_shop_sees_that_shop_only(clinic: Clinic) -> None:
    second = make_shop(organisation=clinic.organisation)
    stranger = make_patient(shop=second)
    row = clinic.appointment(stranger)
    own = clinic.appointment(clinic.patient(), starts_at=row.starts_at + timedelta(hours=1))
    bound = with_key(clinic, shop=clinic.shop)
    at = on_the_grid(timedelta(hours=5))

    answers: list[Any] = [
        bound.get(f"/appointments/{row.uid}"),
        bound.post(f"/appointments/{row.uid}/cancel"),
        bound.get("/appointments", patient_profile_uid=stranger.uid),
        bound.hold(clinic, at, patient_profile_uid=stranger.uid),
    ]

    assert [(r.status_code, r.json()) for r in answers] == [(404, ABSENT)] * 4
    assert bound.get(f"/appointments/{own.uid}").status_code == 200
    assert with_key(clinic).get(f"/appointments/{row.uid}").status_code == 200


@pytest.mark.parametrize("permission", [p for p in Permission if p != Permission.SCHEDULING_WRITE])
def test_no_other_permission_implies_scheduling_write(
    clinic: Clinic, permission: Permission
) -> None:
    partner = Partner({KEY_HEADER: clinic.api_key(permission)})

    for response in (partner.get("/appointments"), partner.post("/appointments")):
        assert response.status_code == 403
        assert response.json()["code"] == "permission_denied"
        assert set(response.json()) == {"code", "description"}


def test_a_revoked_key_is_refused_with_the_next_call(clinic: Clinic, partner: Partner) -> None:
    patient = clinic.patient()
    assert partner.get("/appointments", patient_profile_uid=patient.uid).status_code == 200

    api_keys.revoke(ApiKey.objects.get(), actor=ADMIN, now=utc_now())

    response = partner.get("/appointments", patient_profile_uid=patient.uid)
    assert (response.status_code, response.json()["code"]) == (401, "invalid_api_key")


def test_the_token_counts_when_both_are_sent_and_a_failing_one_never_falls_back(
    clinic: Clinic,
) -> None:
    key = clinic.api_key()
    row = clinic.appointment(clinic.patient("b"))

    both = Partner({TOKEN_HEADER: clinic.token("a"), KEY_HEADER: key})
    bad_token = Partner({TOKEN_HEADER: "nonsense", KEY_HEADER: key})
    empty_token = Partner({TOKEN_HEADER: "", KEY_HEADER: key})
    bad_key = Partner({TOKEN_HEADER: clinic.token("b"), KEY_HEADER: "nonsense"})

    assert both.get(f"/appointments/{row.uid}").status_code == 404
    for refused in (bad_token, empty_token):
        response = refused.get(f"/appointments/{row.uid}")
        assert (response.status_code, response.json()["code"]) == (401, "invalid_header")
    assert bad_key.get(f"/appointments/{row.uid}").status_code == 200


def test_with_a_token_the_fields_for_keys_are_ignored_whatever_they_are(clinic: Clinic) -> None:
    other = clinic.patient("b")
    partner = Partner({TOKEN_HEADER: clinic.token("a")})

    held = partner.hold(
        clinic, on_the_grid(timedelta(hours=5)), patient_profile_uid=[other.uid], shop_uid=7
    )
    listed = partner.get("/appointments", patient_profile_uid=other.uid)

    assert held.status_code == 201
    assert held.json()["shop_customer_id"] == "a"
    assert [row["uid"] for row in listed.json()["data"]] == [held.json()["uid"]]


def test_launch_codes_are_for_tokens_only(clinic: Clinic, partner: Partner) -> None:
    response = partner.post("/booking-launch-codes")

    assert response.status_code == 401
    assert response.json()["code"] == "authorization_header_missing"
