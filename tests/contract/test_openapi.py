"""The OpenAPI document tells the truth: answers of every status look as it says."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve

from appointments.models import Appointment
from appointments.status import Status
from common.access import access_mark
from common.clock import to_epoch
from organisations.models import Permission
from tests.api.world import BASE, KEY_HEADER, Clinic, Partner, on_the_grid, with_key, with_token

from .conformance import violations

METHODS = {
    "/appointment-types": {"get"},
    "/doctors": {"get"},
    "/slots": {"get"},
    "/appointments": {"get", "post"},
    "/appointments/{uid}": {"get"},
    "/appointments/{uid}/confirm": {"post"},
    "/appointments/{uid}/cancel": {"post"},
    "/appointments/{uid}/rebook": {"post"},
    "/appointments/{uid}/rebook-slots": {"get"},
    "/booking-launch-codes": {"post"},
}
PUBLIC = ["/appointment-types", "/doctors", "/slots"]


@pytest.fixture(scope="module")
def document() -> Any:
    return Client().get(f"{BASE}/openapi.json").json()


def test_the_document_names_exactly_the_contracts_operations(document: Any) -> None:
    paths = {path.removeprefix(BASE): set(item) for path, item in document["paths"].items()}

    assert document["openapi"].startswith("3.")
    assert paths == METHODS
    ids = [op["operationId"] for item in document["paths"].values() for op in item.values()]
    assert len(ids) == len(set(ids))


def test_credentials_and_idempotency_are_documented(document: Any) -> None:
    schemes = document["components"]["securitySchemes"]
    token, key = "BookingTokenHeader", "ApiKeyHeader"
    assert {name: scheme["name"] for name, scheme in schemes.items()} == {
        token: "X-RxScale-Booking-Token",
        key: "X-API-Key",
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            short = path.removeprefix(BASE)
            alternatives = [next(iter(each)) for each in operation.get("security", [])]
            expected = [token, key]
            if short in PUBLIC:
                expected = []
            elif short == "/booking-launch-codes":
                expected = [token]
            assert alternatives == expected, short
            headers = [p["name"] for p in operation["parameters"] if p["in"] == "header"]
            is_move = method == "post" and short != "/booking-launch-codes"
            assert headers == (["Idempotency-Key"] if is_move else []), short
            assert ("409" in operation["responses"]) == is_move, short


def test_parameters_and_bodies_are_documented_with_their_bounds(document: Any) -> None:
    paths = document["paths"]
    slots = {p["name"]: p for p in paths[f"{BASE}/slots"]["get"]["parameters"]}
    assert {name: p["required"] for name, p in slots.items()} == {
        "shop_uid": True,
        "appointment_type_uid": True,
        "from": True,
        "to": True,
        "doctor_uid": False,
    }
    bounds = {name: slots["from"]["schema"][name] for name in ("type", "minimum", "maximum")}
    assert bounds == {"type": "integer", "minimum": 0, "maximum": 4_102_444_800}
    listed = {p["name"]: p for p in paths[f"{BASE}/appointments"]["get"]["parameters"]}
    assert (listed["page"]["schema"]["minimum"], listed["limit"]["schema"]["minimum"]) == (0, 1)
    hold = paths[f"{BASE}/appointments"]["post"]["requestBody"]
    schema = document["components"]["schemas"]["HoldRequest"]
    assert hold["required"]
    assert schema["required"] == ["appointment_type_uid", "starts_at"]
    assert not paths[f"{BASE}/appointments/{{uid}}/cancel"]["post"]["requestBody"].get("required")


def calls(clinic: Clinic) -> Iterator[tuple[str, str, int, Any]]:
    """(method, path, expected status, answer) of every operation, well and badly asked."""
    clinic.second_doctor()
    fields = [{"field": "email", "value": "odd", "source": "shop"}]
    partner = with_token(clinic, patient_profile_fields=fields)
    nobody, weak = Partner(), Partner({KEY_HEADER: clinic.api_key(Permission.PATIENT_READ)})
    start = on_the_grid(timedelta(hours=5))
    at = to_epoch(start)
    shop = {"shop_uid": clinic.shop.uid}
    slots = {**shop, "appointment_type_uid": clinic.kind.uid}

    for path in ("/appointment-types", "/doctors"):
        yield "get", path, 200, nobody.get(path, **shop)
        yield "get", path, 400, nobody.get(path)
        yield "get", path, 404, nobody.get(path, shop_uid="shop-none")
    yield "get", "/slots", 200, nobody.get("/slots", **slots, from_=at, to=at + 3600)
    yield "get", "/slots", 200, nobody.get("/slots", **slots, from_=0, to=1)
    yield "get", "/slots", 400, nobody.get("/slots", **slots)
    yield "get", "/slots", 404, nobody.get("/slots", **{**slots, "shop_uid": "x"}, from_=0, to=1)

    held = partner.hold(clinic, start, client_reference="order-7")
    yield "post", "/appointments", 201, held
    yield "post", "/appointments", 409, with_token(clinic, "b").hold(clinic, start - timedelta(1))
    yield "post", "/appointments", 400, partner.post("/appointments")
    yield "post", "/appointments", 401, nobody.post("/appointments")
    yield "post", "/appointments", 403, weak.post("/appointments")
    yield "post", "/appointments", 404, partner.hold(clinic, start, doctor_uid="doc-none")
    yield "get", "/appointments", 200, partner.get("/appointments")
    yield "get", "/appointments", 400, with_key(clinic).get("/appointments")
    yield "get", "/appointments", 401, nobody.get("/appointments")

    one = f"/appointments/{held.json()['uid']}"
    yield from _calls_on(partner, one, at)


def _calls_on(partner: Partner, one: str, at: int) -> Iterator[tuple[str, str, int, Any]]:
    path = "/appointments/{uid}"
    keyed = {"Idempotency-Key": "k"}
    yield "get", path, 200, partner.get(one)
    yield "get", path, 404, partner.get("/appointments/mtg-none")
    yield "post", f"{path}/rebook", 409, partner.post(f"{one}/rebook", starts_at=at)
    yield "post", f"{path}/confirm", 200, partner.post(f"{one}/confirm", headers=keyed)
    yield "post", f"{path}/cancel", 422, partner.post(f"{one}/cancel", headers=keyed)
    query = {"from_": at, "to": at + 7200}
    yield "get", f"{path}/rebook-slots", 200, partner.get(f"{one}/rebook-slots", **query)
    yield "get", f"{path}/rebook-slots", 400, partner.get(f"{one}/rebook-slots")
    yield "post", f"{path}/rebook", 201, partner.post(f"{one}/rebook", starts_at=at + 7200)
    yield "post", f"{path}/cancel", 409, partner.post(f"{one}/cancel")
    yield "post", f"{path}/confirm", 409, partner.post(f"{one}/confirm")
    big = partner.post(f"{one}/cancel", reason="x" * 1_048_577)
    yield "post", f"{path}/cancel", 413, big
    yield "post", "/booking-launch-codes", 201, partner.post("/booking-launch-codes")


def test_every_answer_is_documented(clinic: Clinic, document: Any) -> None:
    seen: set[tuple[str, str]] = set()

    for method, path, status, response in calls(clinic):
        assert response.status_code == status, (method, path, response.content)
        documented = document["paths"][BASE + path][method]["responses"]
        schema = documented[str(status)]["content"]["application/json"]["schema"]
        assert list(violations(document, schema, response.json())) == [], (method, path)
        seen.add((method, path))

    assert seen == {(method, path) for path, methods in METHODS.items() for method in methods}


def test_an_appointment_in_each_status_is_documented(clinic: Clinic, document: Any) -> None:
    patient = clinic.patient()
    schema = {"$ref": "#/components/schemas/Appointment"}
    for number, status in enumerate(Status):
        row = clinic.appointment(
            patient, status=status, starts_at=on_the_grid(timedelta(days=1 + number))
        )
        body = with_token(clinic).get(f"/appointments/{row.uid}").json()
        assert list(violations(document, schema, body)) == [], status
    assert Appointment.objects.count() == 6


def test_the_marks_on_the_routes_are_what_is_enforced(clinic: Clinic) -> None:
    needs = {}
    for path, methods in METHODS.items():
        match = resolve(BASE + path.replace("{uid}", "mtg-none"))
        mark = access_mark(match.func)
        assert mark is not None
        needs[path] = mark.needs
        for method in methods:
            is_refused = getattr(Partner(), method)(path).status_code == 401
            assert is_refused == bool(mark.needs), path
    either = "booking token or scheduling:write"
    expected = {path: "" if path in PUBLIC else either for path in METHODS}
    assert needs == {**expected, "/booking-launch-codes": "booking token"}
