"""Appointments by key: the list with its filters, one, and the four moves of the clinic."""

from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from common.clock import to_epoch, utc_now
from organisations.models import ApiKey
from tests.api.world import Clinic, make_clinic, on_the_grid
from tests.factories import make_patient, make_shop

from .world import ABSENT, Integrator, integrator

EMPTY = {"data": [], "totalRegistries": 0, "totalPages": 0}


@pytest.fixture
def visit(clinic: Clinic) -> Appointment:
    return clinic.appointment(clinic.patient())


@pytest.fixture
def begun(clinic: Clinic) -> Appointment:
    """A confirmed visit that is under way."""
    start = utc_now().replace(microsecond=0) - timedelta(minutes=10)
    return clinic.appointment(clinic.patient("begun"), starts_at=start)


def uids(response: Any) -> list[str]:
    assert response.status_code == 200, response.content
    return [row["uid"] for row in response.json()["data"]]


def one_of_each_status(clinic: Clinic) -> dict[str, str]:
    patient = clinic.patient("each")
    return {
        str(status): clinic.appointment(
            patient, status=status, starts_at=on_the_grid(timedelta(days=2 + number))
        ).uid
        for number, status in enumerate(Status)
    }


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_list_shows_what_is_booked_or_held_and_has_not_ended(
    clinic: Clinic, api: Integrator, slash: str
) -> None:
    by_status = one_of_each_status(clinic)
    ended = clinic.appointment(clinic.patient("past"), starts_at=utc_now() - timedelta(hours=2))

    response = api.get(f"/scheduling/appointments{slash}")

    assert uids(response) == [by_status["held"], by_status["confirmed"]]
    assert (response.json()["totalRegistries"], response.json()["totalPages"]) == (2, 1)
    assert ended.uid in uids(api.get("/scheduling/appointments", from_=0))


@pytest.mark.parametrize("status", list(Status))
def test_status_is_one_of_the_six_as_of_now(
    clinic: Clinic, api: Integrator, status: Status
) -> None:
    by_status = one_of_each_status(clinic)

    assert uids(api.get("/scheduling/appointments", status=str(status))) == [by_status[status]]


def test_all_is_every_status_and_a_hold_that_ran_out_is_expired(
    clinic: Clinic, api: Integrator
) -> None:
    one_of_each_status(clinic)
    stale = clinic.appointment(
        clinic.patient(), status=Status.HELD, hold_expires_at=utc_now() - timedelta(seconds=1)
    )

    assert len(uids(api.get("/scheduling/appointments", status="all"))) == 7
    assert stale.uid in uids(api.get("/scheduling/appointments", status="expired"))
    assert stale.uid not in uids(api.get("/scheduling/appointments", status="held"))
    assert api.get(f"/scheduling/appointments/{stale.uid}").json()["status"] == "expired"


def test_from_and_to_are_inclusive_bounds_of_the_start(
    clinic: Clinic, api: Integrator, visit: Appointment
) -> None:
    at = to_epoch(visit.starts_at)

    def listed(from_: int, to: int) -> bool:
        return bool(uids(api.get("/scheduling/appointments", from_=from_, to=to)))

    assert listed(at, at + 60)
    assert listed(at - 60, at)
    assert not listed(at + 1, at + 60)
    assert not listed(at - 60, at - 1)


def test_doctor_patient_and_reference_narrow_the_list(clinic: Clinic, api: Integrator) -> None:
    second = clinic.second_doctor()
    patient = clinic.patient("a")
    row = clinic.appointment(patient, client_reference="order-7")
    other = clinic.appointment(clinic.patient("b"), doctor=second)
    path = "/scheduling/appointments"

    assert uids(api.get(path, doctor_uid=clinic.doctor.uid)) == [row.uid]
    assert uids(api.get(path, doctor_uid=second.uid)) == [other.uid]
    assert uids(api.get(path, patient_uid=patient.uid)) == [row.uid]
    assert uids(api.get(path, client_reference="order-7")) == [row.uid]
    both = {"doctor_uid": second.uid, "patient_uid": patient.uid}
    assert api.get(path, **both).json() == EMPTY


@pytest.mark.parametrize("field", ["doctor_uid", "patient_uid"])
def test_an_absent_or_foreign_doctor_or_patient_is_an_empty_list(
    clinic: Clinic, api: Integrator, visit: Appointment, field: str
) -> None:
    other = make_clinic(name="Elsewhere")
    theirs = other.appointment(other.patient())
    foreign = {"doctor_uid": other.doctor.uid, "patient_uid": theirs.patient.uid}[field]

    answers = [
        api.get("/scheduling/appointments", status="all", **{field: uid})
        for uid in (foreign, "xxx-absent")
    ]

    assert answers[0].content == answers[1].content
    assert answers[0].json() == EMPTY


def test_pages_are_by_start_then_uid_and_a_limit_above_200_is_capped(
    clinic: Clinic, api: Integrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = clinic.patient()
    rows = [
        clinic.appointment(patient, starts_at=on_the_grid(timedelta(days=n))) for n in (3, 1, 2)
    ]
    in_order = [rows[1].uid, rows[2].uid, rows[0].uid]

    first = api.get("/scheduling/appointments", limit=2)
    second = api.get("/scheduling/appointments", limit=2, page=1)
    beyond = api.get("/scheduling/appointments", limit=2, page=10**40)

    assert uids(first) + uids(second) == in_order
    assert (first.json()["totalRegistries"], first.json()["totalPages"]) == (3, 2)
    assert uids(beyond) == []
    monkeypatch.setattr("api.paging.MAX_LIMIT", 2)
    assert uids(api.get("/scheduling/appointments", limit=10**40)) == in_order[:2]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"status": "booked"}, "status"),
        ({"status": ""}, "status"),
        ({"from_": 20, "to": 20}, "to"),
        ({"from_": "soon"}, "from"),
        ({"to": 10**20}, "to"),
        ({"from_": -(10**11)}, "from"),
        ({"page": -1}, "page"),
        ({"limit": 0}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"doctor_uid": "a\0b"}, "doctor_uid"),
        ({"patient_uid": "x" * 501}, "patient_uid"),
        ({"client_reference": "x" * 201}, "client_reference"),
        ({"doctor_uid": ["a", "b"]}, "doctor_uid"),
    ],
)
def test_a_bad_filter_is_400_on_its_name(api: Integrator, query: Any, field: str) -> None:
    response = api.get("/scheduling/appointments", **query)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_clinic_reads_the_reason_its_staff_gave(
    clinic: Clinic, api: Integrator, visit: Appointment, slash: str
) -> None:
    path = f"/scheduling/appointments/{visit.uid}"
    api.post(f"{path}/cancel", reason="Doctor is ill", message="Please book again.")

    body = api.get(f"{path}{slash}").json()

    assert body["cancellation_reason"] == "Doctor is ill"
    assert body["cancellation_message"] == "Please book again."
    assert (body["cancelled_by"], body["status_changed_by"]) == ("admin", "admin")


@pytest.mark.parametrize("slash", ["", "/"])
def test_cancelling_is_not_bound_by_the_notice_and_history_names_the_key(
    clinic: Clinic, api: Integrator, slash: str
) -> None:
    clinic.kind.cancellation_notice_minutes = 43_200
    row = clinic.appointment(clinic.patient(), starts_at=on_the_grid(timedelta(0)))

    response = api.post(
        f"/scheduling/appointments/{row.uid}/cancel{slash}", reason=" ill ", on_behalf_of="doctor"
    )

    assert response.status_code == 200, response.content
    assert response.json()["status"] == "cancelled"
    assert response.json() == api.get(f"/scheduling/appointments/{row.uid}").json()
    key = ApiKey.objects.get()
    move = AppointmentTransition.objects.get()
    assert (move.actor_kind, move.actor_uid, move.actor_label) == ("admin", key.uid, key.name)
    assert (move.reason, move.note) == ("ill", "On behalf of the doctor.")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "reason"),
        ({"reason": None}, "reason"),
        ({"reason": " \n"}, "reason"),
        ({"reason": 7}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"reason": "a\0b"}, "reason"),
        ({"reason": "\ud800"}, "reason"),
        ({"reason": "x", "message": "x" * 2001}, "message"),
        ({"reason": "x", "message": True}, "message"),
        ({"reason": "x", "on_behalf_of": "system"}, "on_behalf_of"),
        ({"reason": "x", "tell_patient": False}, "tell_patient"),
    ],
)
def test_a_bad_cancellation_is_400_on_its_field(
    api: Integrator, visit: Appointment, body: Any, field: str
) -> None:
    response = api.post(f"/scheduling/appointments/{visit.uid}/cancel", **body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


@pytest.mark.parametrize("slash", ["", "/"])
def test_rebooking_answers_the_new_visit(
    clinic: Clinic, api: Integrator, visit: Appointment, slash: str
) -> None:
    second = clinic.second_doctor()
    at = to_epoch(visit.starts_at) + 7200

    response = api.post(
        f"/scheduling/appointments/{visit.uid}/rebook{slash}", starts_at=at, doctor_uid=second.uid
    )

    assert response.status_code == 201, response.content
    new = response.json()
    assert (new["previous_meeting_uid"], new["starts_at"]) == (visit.uid, at)
    assert (new["doctor_uid"], new["status_changed_by"]) == (second.uid, "admin")
    old = api.get(f"/scheduling/appointments/{visit.uid}").json()
    assert (old["status"], old["rebooked_to_uid"]) == ("cancelled", new["uid"])


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "starts_at"),
        ({"starts_at": True}, "starts_at"),
        ({"starts_at": 1.0}, "starts_at"),
        ({"starts_at": "1"}, "starts_at"),
        ({"starts_at": 10**20}, "starts_at"),
        ({"starts_at": -(10**11)}, "starts_at"),
        ({"starts_at": 1, "doctor_uid": 7}, "doctor_uid"),
        ({"starts_at": 1, "notice": 0}, "notice"),
    ],
)
def test_a_bad_rebooking_is_400_on_its_field(
    api: Integrator, visit: Appointment, body: Any, field: str
) -> None:
    response = api.post(f"/scheduling/appointments/{visit.uid}/rebook", **body)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {field}


def test_rebooking_is_refused_as_everywhere(clinic: Clinic, api: Integrator) -> None:
    start = on_the_grid(timedelta(hours=30))
    row = clinic.appointment(clinic.patient(), starts_at=start)
    path = f"/scheduling/appointments/{row.uid}/rebook"
    clinic.appointment(clinic.patient("b"), starts_at=start + timedelta(hours=1))

    def code(**body: Any) -> tuple[int, str, object]:
        response = api.post(path, **body)
        return response.status_code, response.json()["code"], response.json().get("reason")

    at = to_epoch(start)
    assert code(starts_at=at + 3600) == (409, "slot_taken", None)
    assert code(starts_at=at) == (409, "slot_unavailable", "unchanged")
    assert code(starts_at=at + 60) == (409, "slot_unavailable", "off_grid")
    assert code(starts_at=at + 7200, doctor_uid="doc-none") == (404, "not_found", None)
    Appointment.objects.filter(pk=row.pk).update(rebooking_mode="same_doctor")
    other = clinic.second_doctor().uid
    assert code(starts_at=at + 7200, doctor_uid=other) == (409, "rebooking_mode_violated", None)
    Appointment.objects.filter(pk=row.pk).update(rebooking_notice_minutes=43200)
    assert code(starts_at=at + 7200) == (409, "rebooking_notice_passed", None)


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(("move", "status"), [("complete", "completed"), ("no-show", "no_show")])
def test_what_became_of_a_visit_is_said_from_its_start_on(
    clinic: Clinic, api: Integrator, begun: Appointment, move: str, status: str, slash: str
) -> None:
    path = f"/scheduling/appointments/{begun.uid}/{move}{slash}"

    first, again = api.post(path), api.post(path)

    assert (first.status_code, first.json()["status"]) == (200, status)
    assert first.json() == again.json()
    assert AppointmentTransition.objects.count() == 1
    other = {"complete": "no-show", "no-show": "complete"}[move]
    assert api.post(f"/scheduling/appointments/{begun.uid}/{other}").status_code == 200


@pytest.mark.parametrize("move", ["complete", "no-show"])
def test_before_the_start_nothing_has_become_of_it(
    api: Integrator, visit: Appointment, move: str
) -> None:
    path = f"/scheduling/appointments/{visit.uid}/{move}"

    early, unknown_key = api.post(path), api.post(path, automatic=True)

    assert (early.status_code, early.json()["code"]) == (409, "not_started")
    assert unknown_key.status_code == 400
    assert set(unknown_key.json()["errors"]) == {"automatic"}


MOVES: list[tuple[str, dict[str, Any]]] = [
    ("cancel", {"reason": "x"}),
    ("rebook", {"starts_at": 4_000_000_000}),
    ("complete", {}),
    ("no-show", {}),
]


@pytest.mark.parametrize(("move", "body"), MOVES)
def test_a_cancelled_visit_is_moved_no_more(
    clinic: Clinic, api: Integrator, move: str, body: dict[str, Any]
) -> None:
    row = clinic.appointment(clinic.patient(), status=Status.CANCELLED)

    response = api.post(f"/scheduling/appointments/{row.uid}/{move}", **body)

    assert response.status_code == 409
    assert response.json() == {
        "error": response.json()["error"],
        "code": "wrong_status",
        "status": "cancelled",
        "rebooked_to_uid": None,
    }


def test_every_move_is_carried_out_once_per_idempotency_key(
    clinic: Clinic, api: Integrator, visit: Appointment, begun: Appointment
) -> None:
    at = to_epoch(visit.starts_at) + 3600
    spare = clinic.appointment(clinic.patient("c"), starts_at=on_the_grid(timedelta(days=9)))
    moves: list[tuple[str, str, dict[str, Any]]] = [
        ("complete", begun.uid, {}),
        ("no-show", begun.uid, {}),
        ("rebook", visit.uid, {"starts_at": at}),
        ("cancel", spare.uid, {"reason": "ill"}),
    ]
    for move, uid, body in moves:
        path, headers = f"/scheduling/appointments/{uid}/{move}", {"Idempotency-Key": move}
        first = api.post(path, headers=headers, **body)
        again = api.post(f"{path}/", headers=headers, **body)

        assert first.status_code in (200, 201), first.content
        assert (first.status_code, first.content) == (again.status_code, again.content)
        assert again.headers["Idempotent-Replayed"] == "true"
    assert Appointment.objects.filter(previous=visit).count() == 1
    reused = api.post(f"/scheduling/appointments/{visit.uid}/cancel", {"Idempotency-Key": "rebook"})
    assert reused.status_code == 400  # the body is looked at first
    reused = api.post(
        f"/scheduling/appointments/{visit.uid}/cancel", {"Idempotency-Key": "rebook"}, reason="x"
    )
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")


def test_foreign_absent_and_another_shops_are_the_same_bytes(
    clinic: Clinic, visit: Appointment
) -> None:
    other = make_clinic(name="Elsewhere")
    second = make_shop(organisation=clinic.organisation)
    make_patient(shop=second)
    calls: list[tuple[str, str, Any]] = [("GET", "", None)]
    calls += [("POST", f"/{move}", body) for move, body in MOVES]

    for stranger in (integrator(other), integrator(clinic, shop=second)):
        for method, rest, body in calls:
            answers = [
                stranger.ask(method, f"/scheduling/appointments/{uid}{rest}", body)
                for uid in (visit.uid, "mtg-absent", "a%00b")
            ]
            assert {answer.content for answer in answers} == {answers[1].content}
            assert (answers[0].status_code, answers[0].json()) == (404, ABSENT)
        assert uids(stranger.get("/scheduling/appointments", status="all")) == []
    own = integrator(clinic, shop=clinic.shop)
    assert uids(own.get("/scheduling/appointments")) == [visit.uid]
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED
