"""Whatever is sent, the answer is the documented 4xx: input is never a 5xx, and coerced into nothing."""

import itertools
import json
from datetime import timedelta
from typing import Any

import pytest

from appointments.models import Appointment
from common.clock import to_epoch

from .world import BASE, Clinic, Partner, on_the_grid, with_key, with_token

NOT_INSTANTS: list[Any] = [
    10**20,
    -(10**11),
    -1,
    4_102_444_801,
    1.5,
    1e300,
    True,
    "1700000000",
    "",
    [],
    [1],
    {},
    {"a": {"b": []}},
    None,
]
NOT_TEXTS: list[Any] = ["a\u0000b", "\ud800", "x" * 501, 5, 1.5, True, [], ["a"], {}]
QUERY_NOT_NUMBERS = ["1.0", "1e3", "true", " 1", "+1", "1_000", "１", "0x10", "", "NaN", "a\0b"]
# What makes JSON parsers stumble, or read differently from each other.
RAW_BODIES = [
    b"{",
    b"[]",
    b'"text"',
    b"5",
    b"null",
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b'{"starts_at": NaN}',
    b'{"starts_at": -Infinity}',
    b'{"starts_at": 1, "starts_at": 2}',
    b'{"starts_at": ' + b"9" * 5000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
    b'{"a": "\xc3\x28"}',
    b"\x00",
    b"{}{}",
    b'{"starts_at": 01}',
]
MOVES = ["/appointments", "/appointments/{uid}/confirm", "/appointments/{uid}/cancel"]
MOVES += ["/appointments/{uid}/rebook", "/booking-launch-codes"]


@pytest.fixture
def partner(clinic: Clinic) -> Partner:
    return with_token(clinic)


def error_fields(response: Any) -> set[str]:
    assert response.status_code == 400, response.content
    body = response.json()
    assert body["code"] == "validation_error"
    return set(body["errors"])


@pytest.mark.parametrize("value", NOT_INSTANTS, ids=repr)
def test_what_is_no_instant_is_refused_by_name(
    clinic: Clinic, partner: Partner, value: Any
) -> None:
    row = clinic.appointment(clinic.patient())
    hold = partner.post("/appointments", appointment_type_uid=clinic.kind.uid, starts_at=value)
    rebook = partner.post(f"/appointments/{row.uid}/rebook", starts_at=value)

    assert error_fields(hold) == {"starts_at"}
    assert error_fields(rebook) == {"starts_at"}


@pytest.mark.parametrize("value", NOT_TEXTS, ids=lambda v: repr(v)[:20])
def test_what_is_no_text_is_refused_by_name(clinic: Clinic, partner: Partner, value: Any) -> None:
    start = on_the_grid(timedelta(hours=5))
    row = clinic.appointment(clinic.patient())

    hold = partner.hold(clinic, start, doctor_uid=value, client_reference=value)
    kind = partner.post("/appointments", appointment_type_uid=value, starts_at=to_epoch(start))
    cancel = partner.post(f"/appointments/{row.uid}/cancel", reason=value)
    by_key = with_key(clinic).hold(clinic, start, patient_profile_uid=value, shop_uid=value)

    assert error_fields(hold) == {"doctor_uid", "client_reference"}
    assert error_fields(kind) == {"appointment_type_uid"}
    assert error_fields(cancel) == {"reason"}
    assert error_fields(by_key) == {"patient_profile_uid", "shop_uid"}


def test_texts_may_be_as_long_as_stated(clinic: Clinic, partner: Partner) -> None:
    start = on_the_grid(timedelta(hours=5))

    assert error_fields(partner.hold(clinic, start, client_reference="x" * 201)) == {
        "client_reference"
    }
    held = partner.hold(clinic, start, client_reference="ü" * 200)
    cancelled = partner.post(f"/appointments/{held.json()['uid']}/cancel", reason="ü" * 500)

    assert held.status_code == 201
    assert (cancelled.status_code, cancelled.json()["cancellation_reason"]) == (200, "ü" * 500)


@pytest.mark.parametrize("path", MOVES)
@pytest.mark.parametrize("body", RAW_BODIES, ids=lambda b: repr(b[:24]))
def test_a_body_that_is_no_plain_json_object_is_400(
    clinic: Clinic, partner: Partner, path: str, body: bytes
) -> None:
    row = clinic.appointment(clinic.patient())

    response = partner.client.post(
        f"{BASE}{path.format(uid=row.uid)}",
        data=body,
        content_type="application/json",
        headers=dict(partner.headers),
    )

    assert error_fields(response) == {"body"}
    assert list(Appointment.objects.values_list("uid", "status")) == [(row.uid, "confirmed")]


@pytest.mark.parametrize("value", QUERY_NOT_NUMBERS)
def test_query_numbers_are_plain_digits(clinic: Clinic, partner: Partner, value: str) -> None:
    slots = {"shop_uid": clinic.shop.uid, "appointment_type_uid": clinic.kind.uid}
    row = clinic.appointment(clinic.patient())
    ends = {"from_": value, "to": value}
    pages = {"page": value, "limit": value}

    assert error_fields(partner.get("/slots", **slots, **ends)) == {"from", "to"}
    assert error_fields(partner.get(f"/appointments/{row.uid}/rebook-slots", **ends)) == {
        "from",
        "to",
    }
    assert error_fields(partner.get("/appointments", **ends, **pages)) == {
        "from",
        "to",
        "page",
        "limit",
    }


@pytest.mark.parametrize("value", [-1, -(10**11), 4_102_444_801, 10**20])
def test_query_instants_have_the_same_bounds(clinic: Clinic, partner: Partner, value: int) -> None:
    assert error_fields(partner.get("/appointments", from_=value)) == {"from"}


def test_pages_are_counted_from_zero_and_hold_at_least_one(partner: Partner) -> None:
    assert error_fields(partner.get("/appointments", page=-1, limit=0)) == {"page", "limit"}


def test_an_unknown_status_is_refused_by_name(partner: Partner) -> None:
    assert error_fields(partner.get("/appointments", status="moved")) == {"status"}


@pytest.mark.parametrize("path", ["/slots", "/appointments", "/doctors", "/appointment-types"])
def test_a_repeated_parameter_is_refused(clinic: Clinic, partner: Partner, path: str) -> None:
    url = f"{BASE}{path}?shop_uid={clinic.shop.uid}&page=0&page=1&other=1&other=1"

    response = partner.client.get(url, headers=dict(partner.headers))

    assert error_fields(response) == {"page", "other"}


@pytest.mark.parametrize("text", ["a%00b", "%00"])
def test_nul_in_a_query_text_is_400_everywhere(clinic: Clinic, partner: Partner, text: str) -> None:
    shop, kind = clinic.shop.uid, clinic.kind.uid
    slots = f"/slots?shop_uid={shop}&appointment_type_uid={kind}&from=0&to=60"
    queries = {
        f"/appointment-types?shop_uid={text}": "shop_uid",
        f"/doctors?shop_uid={shop}&appointment_type_uid={text}": "appointment_type_uid",
        f"{slots}&doctor_uid={text}": "doctor_uid",
        f"/appointments?client_reference={text}": "client_reference",
    }

    for query, field in queries.items():
        response = partner.client.get(f"{BASE}{query}", headers=dict(partner.headers))
        assert error_fields(response) == {field}, query


def test_unknown_keys_and_parameters_are_ignored(clinic: Clinic, partner: Partner) -> None:
    held = partner.hold(clinic, on_the_grid(timedelta(hours=5)), note={"a": "\ud800\u0000"})
    listed = partner.get("/appointments", utm_source="mail")

    assert held.status_code == 201
    assert listed.status_code == 200


def test_an_empty_body_is_an_empty_object(clinic: Clinic, partner: Partner) -> None:
    row = clinic.appointment(clinic.patient())

    def post(path: str, body: bytes) -> Any:
        return partner.client.post(
            f"{BASE}{path}",
            data=body,
            content_type="application/json",
            headers=dict(partner.headers),
        )

    assert error_fields(post("/appointments", b"")) == {"appointment_type_uid", "starts_at"}
    assert post(f"/appointments/{row.uid}/cancel", b" \n").status_code == 200


@pytest.mark.fuzz
def test_no_combination_of_odd_values_is_a_5xx(clinic: Clinic, partner: Partner) -> None:
    row = clinic.appointment(clinic.patient())
    odd = [*NOT_INSTANTS, *NOT_TEXTS, 0, 4_102_444_800, "x", clinic.kind.uid]
    paths = [path.format(uid=row.uid) for path in MOVES]
    names = ["starts_at", "doctor_uid", "client_reference", "reason", "appointment_type_uid"]

    for path, shift, index in itertools.product(paths, (1, 5, 11), range(len(odd))):
        values = itertools.cycle([odd[index], odd[(index + shift) % len(odd)]])
        body = json.dumps({name: next(values) for name in names})
        response = partner.client.post(
            f"{BASE}{path}",
            data=body,
            content_type="application/json",
            headers=dict(partner.headers),
        )
        assert response.status_code < 500, (path, body)


@pytest.mark.parametrize("instant", [0, 4_102_444_800])
def test_the_borders_of_time_can_be_asked_for(
    clinic: Clinic, partner: Partner, instant: int
) -> None:
    row = clinic.appointment(clinic.patient())
    query = {"from_": max(0, instant - 60), "to": max(60, instant)}
    shop = {"shop_uid": clinic.shop.uid, "appointment_type_uid": clinic.kind.uid}

    hold = partner.post("/appointments", appointment_type_uid=clinic.kind.uid, starts_at=instant)
    rebook = partner.post(f"/appointments/{row.uid}/rebook", starts_at=instant)

    assert (hold.status_code, hold.json()["code"]) == (409, "slot_unavailable")
    assert (rebook.status_code, rebook.json()["code"]) == (409, "slot_unavailable")
    for path, extra in (
        ("/slots", shop),
        (f"/appointments/{row.uid}/rebook-slots", {}),
        ("/appointments", {}),
    ):
        assert partner.get(path, **extra, **query).status_code == 200
