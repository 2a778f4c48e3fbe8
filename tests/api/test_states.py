"""The contract's table of states, asked over HTTP: every verb of the API in every state."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch, utc_now
from organisations.actors import ActorKind
from organisations.models import Patient

from .world import Clinic, on_the_grid, with_token

WRONG = (409, "wrong_status")
RUN_OUT = "held, run out"
STATES = [Status.HELD, RUN_OUT, *[s for s in Status if s != Status.HELD]]
TABLE: dict[str, dict[str, tuple[int, str | None]]] = {
    "confirm": {
        Status.HELD: (200, None),
        RUN_OUT: (409, "hold_expired"),
        Status.CONFIRMED: (200, None),
        Status.EXPIRED: (409, "hold_expired"),
    },
    "cancel": {Status.HELD: (200, None), Status.CONFIRMED: (200, None)},
    "rebook": {Status.CONFIRMED: (201, None)},
}
CELLS = [
    (verb, state, cells.get(state, WRONG)) for verb, cells in TABLE.items() for state in STATES
]


@dataclass
class Case:
    clinic: Clinic
    patient: Patient

    def row(self, state: str, **fields: Any) -> Appointment:
        if state == RUN_OUT:
            fields["hold_expires_at"] = utc_now()
            state = Status.HELD
        return self.clinic.appointment(self.patient, status=Status(state), **fields)

    def call(self, row: Appointment, verb: str) -> Any:
        body = {"starts_at": to_epoch(row.starts_at) + 3600} if verb == "rebook" else {}
        return with_token(self.clinic).post(f"/appointments/{row.uid}/{verb}", **body)


@pytest.fixture
def case(clinic: Clinic) -> Case:
    return Case(clinic, clinic.patient())


@pytest.mark.parametrize(("verb", "state", "expected"), CELLS)
def test_table(case: Case, verb: str, state: str, expected: tuple[int, str | None]) -> None:
    row = case.row(state)

    response = case.call(row, verb)

    body = response.json()
    assert (response.status_code, body.get("code")) == expected
    if expected == WRONG:
        is_now = Status.EXPIRED if state == RUN_OUT else state
        assert set(body) == {"error", "code", "status", "rebooked_to_uid"}
        assert (body["status"], body["rebooked_to_uid"]) == (is_now, None)
        row.refresh_from_db()
        assert row.status == (Status.HELD if state == RUN_OUT else state)


def test_confirming_again_gives_the_same_answer_and_writes_nothing(case: Case) -> None:
    row = case.row(Status.HELD)

    first, again = case.call(row, "confirm"), case.call(row, "confirm")

    assert first.json() == again.json()
    assert row.transitions.count() == 1


def test_a_moved_visit_says_where_it_went(case: Case) -> None:
    row = case.row(Status.CONFIRMED)
    new = case.call(row, "rebook").json()

    for verb in TABLE:
        body = case.call(row, verb).json()
        assert (body["code"], body["status"]) == ("wrong_status", "cancelled")
        assert body["rebooked_to_uid"] == new["uid"]


@pytest.mark.parametrize(
    ("verb", "code"),
    [("cancel", "cancellation_notice_passed"), ("rebook", "rebooking_notice_passed")],
)
def test_after_the_notice_patients_can_neither_cancel_nor_move(
    case: Case, verb: str, code: str
) -> None:
    row = case.row(Status.CONFIRMED, starts_at=utc_now() + timedelta(minutes=59))

    response = case.call(row, verb)

    assert (response.status_code, response.json()["code"]) == (409, code)


def test_a_hold_may_be_let_go_after_the_notice(case: Case) -> None:
    row = case.row(Status.HELD, starts_at=utc_now() + timedelta(minutes=59))

    assert case.call(row, "cancel").status_code == 200


def test_a_fourth_hold_is_refused_and_names_the_three(case: Case) -> None:
    start = on_the_grid(timedelta(days=1))
    rows = [case.row(Status.HELD, starts_at=start + n * timedelta(hours=1)) for n in range(3)]

    response = with_token(case.clinic).hold(case.clinic, start + timedelta(hours=5))

    body = response.json()
    assert (response.status_code, body["code"]) == (409, "too_many_holds")
    assert sorted(body["active_holds"]) == sorted(row.uid for row in rows)


def test_two_visits_at_once_are_refused_at_hold(case: Case) -> None:
    case.clinic.second_doctor()
    row = case.row(Status.CONFIRMED)

    response = with_token(case.clinic).hold(case.clinic, row.starts_at)

    assert (response.status_code, response.json()["code"]) == (409, "patient_already_booked")


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (timedelta(hours=-3), "notice"),
        (timedelta(days=400), "horizon"),
        (timedelta(hours=5, minutes=7), "off_grid"),
    ],
)
def test_a_start_that_was_never_offered_says_why(case: Case, at: timedelta, reason: str) -> None:
    minutes = at % timedelta(hours=1)
    start = on_the_grid(at - minutes) + minutes

    response = with_token(case.clinic).hold(case.clinic, start)

    body = response.json()
    assert (response.status_code, body["code"]) == (409, "slot_unavailable")
    assert body["reason"] == reason


def test_the_staffs_reason_stays_with_the_staff(case: Case) -> None:
    secret = case.row(
        Status.CANCELLED,
        cancelled_at=utc_now(),
        cancelled_by=ActorKind.ADMIN,
        cancellation_reason="Patient is rude",
        cancellation_message="Dr Hill is ill.",
    )

    body = with_token(case.clinic).get(f"/appointments/{secret.uid}").json()

    assert (body["cancelled_by"], body["cancellation_reason"]) == ("admin", None)
    assert body["cancellation_message"] == "Dr Hill is ill."
