"""Idempotency keys: a repeated call is answered, not carried out."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from api.idempotency import KEPT_FOR
from api.models import IdempotencyKey
from appointments import lifecycle
from appointments.models import Appointment
from common.clock import to_epoch

from .world import BASE, Clinic, Partner, make_clinic, on_the_grid, with_key, with_token

START = timedelta(hours=5)


@pytest.fixture
def clinic(db: None) -> Clinic:
    """Not the standing one of the others: some tests of this module really commit."""
    return make_clinic()


def hold(partner: Partner, clinic: Clinic, key: str = "k-1", **body: Any) -> Any:
    sent = {
        "appointment_type_uid": clinic.kind.uid,
        "starts_at": to_epoch(on_the_grid(START)),
        **body,
    }
    return partner.post("/appointments", headers={"Idempotency-Key": key}, **sent)


def test_a_repeated_hold_is_the_same_appointment(clinic: Clinic) -> None:
    partner = with_token(clinic)

    first, again = hold(partner, clinic), hold(partner, clinic)

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/json"
    assert Appointment.objects.count() == 1


def test_every_move_is_replayed_with_its_own_status(clinic: Clinic) -> None:
    partner = with_token(clinic)
    uid = hold(partner, clinic).json()["uid"]
    later = to_epoch(on_the_grid(START)) + 3600

    for verb, status, body in [
        ("confirm", 200, {}),
        ("rebook", 201, {"starts_at": later}),
    ]:
        path, headers = f"/appointments/{uid}/{verb}", {"Idempotency-Key": verb}
        first = partner.post(path, headers=headers, **body)
        again = partner.post(f"{path}/", headers=headers, **body)  # the slash is no other path
        assert (first.status_code, again.status_code) == (status, status)
        assert first.content == again.content
        assert again.headers["Idempotent-Replayed"] == "true"
    assert Appointment.objects.count() == 2


def test_a_refusal_is_not_kept(clinic: Clinic) -> None:
    taken = clinic.appointment(clinic.patient("other"), starts_at=on_the_grid(START))
    partner = with_token(clinic)
    assert hold(partner, clinic).status_code == 409
    assert not IdempotencyKey.objects.exists()

    Appointment.objects.filter(pk=taken.pk).delete()

    response = hold(partner, clinic)
    assert response.status_code == 201
    assert "Idempotent-Replayed" not in response.headers


def test_the_key_of_another_request_is_422(clinic: Clinic) -> None:
    partner = with_token(clinic)
    uid = hold(partner, clinic).json()["uid"]

    other_body = hold(partner, clinic, starts_at=to_epoch(on_the_grid(2 * START)))
    other_path = partner.post(f"/appointments/{uid}/confirm", headers={"Idempotency-Key": "k-1"})

    for response in (other_body, other_path):
        assert response.status_code == 422
        assert set(response.json()) == {"error", "code"}
        assert response.json()["code"] == "idempotency_key_reused"
    assert Appointment.objects.get().status == "held"


def test_keys_are_per_caller(clinic: Clinic) -> None:
    other = make_clinic(name="Elsewhere")
    patient = clinic.patient("c")
    callers = [
        (with_token(clinic, "a"), {}),
        (with_token(clinic, "b"), {}),
        (with_key(clinic), {"patient_profile_uid": patient.uid}),
    ]
    times = [to_epoch(on_the_grid(START)) + n * 3600 for n in range(3)]

    answers = [
        hold(partner, clinic, starts_at=at, **body)
        for (partner, body), at in zip(callers, times, strict=True)
    ]
    answers.append(hold(with_token(other, "a"), other))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert Appointment.objects.count() == 4


def test_a_key_is_forgotten_after_24_hours(clinic: Clinic) -> None:
    partner = with_token(clinic)
    first = hold(partner, clinic).json()
    row = IdempotencyKey.objects.get()
    IdempotencyKey.objects.update(created_at=row.created_at - KEPT_FOR)

    second = hold(partner, clinic, starts_at=first["starts_at"] + 3600)

    assert second.status_code == 201
    assert second.json()["uid"] != first["uid"]
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.parametrize("key", ["", " ", "a b", "ü", "x" * 256, "a\tb", "\x7f"])
def test_a_key_is_1_to_255_visible_ascii_characters(clinic: Clinic, key: str) -> None:
    response = hold(with_token(clinic), clinic, key)

    assert response.status_code == 400
    assert set(response.json()["errors"]) == {"Idempotency-Key"}
    assert not Appointment.objects.exists()


def test_the_longest_key_and_the_whole_alphabet_are_taken(clinic: Clinic) -> None:
    alphabet = "".join(chr(code) for code in range(0x21, 0x7F))

    assert hold(with_token(clinic, "a"), clinic, "x" * 255).status_code == 201
    later = to_epoch(on_the_grid(START)) + 3600
    assert hold(with_token(clinic, "b"), clinic, alphabet, starts_at=later).status_code == 201


def test_the_answer_is_kept_in_the_moves_own_transaction(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("api.idempotency.insert_or_nothing", broken)

    assert hold(with_token(clinic), clinic).status_code == 500
    assert not Appointment.objects.exists()


def test_a_key_costs_a_lock_a_look_and_an_insert(clinic: Clinic) -> None:
    partner = with_token(clinic)
    plain = clinic.appointment(clinic.patient(), starts_at=on_the_grid(START))
    keyed = clinic.appointment(plain.patient, starts_at=on_the_grid(2 * START))
    partner.get("/appointments")  # the use of the secret is written down once a minute

    with CaptureQueriesContext(connection) as without:
        partner.post(f"/appointments/{plain.uid}/cancel")
    with CaptureQueriesContext(connection) as with_a_key:
        partner.post(f"/appointments/{keyed.uid}/cancel", headers={"Idempotency-Key": "k"})

    def statements(queries: CaptureQueriesContext) -> int:
        return sum("SAVEPOINT" not in str(q["sql"]) for q in queries.captured_queries)

    assert statements(with_a_key) - statements(without) == 3


@pytest.fixture
def committed_clinic(transactional_db: None) -> Clinic:
    return make_clinic()


@pytest.fixture
def slow_hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The first hold stops in the middle of its transaction until it is let go."""
    real, begun, let_go = lifecycle.hold, threading.Event(), threading.Event()

    def slow(**arguments: Any) -> Appointment:
        held = real(**arguments)
        begun.set()
        assert let_go.wait(8)
        return held

    monkeypatch.setattr(lifecycle, "hold", slow)
    yield begun, let_go
    let_go.set()


def test_while_the_first_call_runs_the_second_is_answered_at_once(
    committed_clinic: Clinic, slow_hold: tuple[threading.Event, threading.Event]
) -> None:
    clinic, (begun, let_go) = committed_clinic, slow_hold
    with_token(clinic).post("/booking-launch-codes")  # the patient is there

    def first_call() -> Any:
        try:
            return hold(with_token(clinic), clinic)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(first_call)
        assert begun.wait(20)
        meanwhile = hold(with_token(clinic), clinic)
        let_go.set()
        done = first.result(20)
    afterwards = hold(with_token(clinic), clinic)

    assert meanwhile.status_code == 409
    assert set(meanwhile.json()) == {"error", "code"}
    assert meanwhile.json()["code"] == "idempotency_in_progress"
    assert done.status_code == 201
    assert afterwards.content == done.content
    assert afterwards.headers["Idempotent-Replayed"] == "true"


def test_a_storm_of_repeats_makes_one_appointment(committed_clinic: Clinic) -> None:
    clinic = committed_clinic
    start = to_epoch(on_the_grid(START))
    token = with_token(clinic).headers

    def call(_: int) -> tuple[int, str]:
        try:
            response = hold(Partner(token), clinic, starts_at=start)
            return response.status_code, response.json().get("uid") or response.json()["code"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(24)))

    uid = Appointment.objects.get().uid
    assert set(answers) <= {(201, uid), (409, "idempotency_in_progress")}
    assert (201, uid) in answers


def test_a_get_ignores_the_header(clinic: Clinic) -> None:
    partner = with_token(clinic)

    response = partner.client.get(
        f"{BASE}/appointments", headers={**partner.headers, "Idempotency-Key": "a b"}
    )

    assert response.status_code == 200
