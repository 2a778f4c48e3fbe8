"""The contract's table of errors, and what every answer has in common."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from appointments import lifecycle

from .world import BASE, TOKEN_HEADER, Clinic, Partner, on_the_grid, with_token

ABSENT = b'{"error":"Resource not found","code":"not_found"}'
PATHS = [
    ("get", "/appointment-types"),
    ("get", "/doctors"),
    ("get", "/slots"),
    ("post", "/appointments"),
    ("get", "/appointments"),
    ("get", "/appointments/mtg-none"),
    ("post", "/appointments/mtg-none/confirm"),
    ("post", "/appointments/mtg-none/cancel"),
    ("post", "/appointments/mtg-none/rebook"),
    ("get", "/appointments/mtg-none/rebook-slots"),
    ("post", "/booking-launch-codes"),
]
GUARDED = PATHS[3:]


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_no_credential(clinic: Clinic, method: str, path: str) -> None:
    response = getattr(Partner(), method)(path)

    assert response.status_code == 401
    assert set(response.json()) == {"code", "description"}
    assert response.json()["code"] == "authorization_header_missing"
    assert TOKEN_HEADER in response.json()["description"]


@pytest.mark.parametrize(("method", "path"), PATHS)
def test_both_slash_forms_give_the_same_answer(clinic: Clinic, method: str, path: str) -> None:
    partner = with_token(clinic)

    with_slash = getattr(partner, method)(f"{path}/")
    without = getattr(partner, method)(path)

    assert with_slash.status_code == without.status_code
    if path != "/booking-launch-codes":
        assert with_slash.content == without.content
    assert without.status_code < 500
    for response in (with_slash, without):
        assert response.headers["Content-Type"] == "application/json"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/slots", {"GET"}),
        ("/appointments", {"GET", "POST"}),
        ("/appointments/mtg-none", {"GET"}),
        ("/appointments/mtg-none/confirm", {"POST"}),
    ],
)
def test_another_method_names_those_that_are_allowed(
    path: str, allowed: set[str], slash: str
) -> None:
    response = Client().put(f"{BASE}{path}{slash}")

    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == allowed
    assert response.json()["code"] == "method_not_allowed"
    assert set(response.json()) == {"error", "code"}


@pytest.mark.parametrize(
    "path",
    [
        "/v1/",
        "/v1/scheduling",
        "/v1/scheduling/",
        "/v1/scheduling/nope",
        "/v1/other/appointments/",
        "/v1/scheduling/appointments/mtg-none/nope",
        "/v1/scheduling//appointments",
        "/v1/scheduling/%00",
        "/v1/scheduling/docs",
    ],
)
def test_an_unknown_path_is_404_in_json(path: str) -> None:
    response = Client().get(path)

    assert (response.status_code, response.content) == (404, ABSENT)
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "uid", ["mtg-none", "a%00b", "%FF", "%ED%A0%80", "x" * 5000, "%27--", "🩺"]
)
def test_a_uid_that_cannot_exist_is_absent(clinic: Clinic, uid: str) -> None:
    response = with_token(clinic).client.get(
        f"{BASE}/appointments/{uid}", headers={TOKEN_HEADER: clinic.token()}
    )

    assert (response.status_code, response.content) == (404, ABSENT)


def test_a_body_above_1_mib_is_413(clinic: Clinic) -> None:
    partner = with_token(clinic)
    url = f"{BASE}/booking-launch-codes"

    def post(size: int) -> Any:
        return partner.client.post(
            url,
            data=b'{"a":"' + b"x" * (size - 8) + b'"}',
            content_type="application/json",
            headers=dict(partner.headers),
        )

    fits, too_large = post(1_048_576), post(1_048_577)

    assert fits.status_code == 201
    assert too_large.status_code == 413
    assert set(too_large.json()) == {"error", "code"}
    assert too_large.json()["code"] == "too_large"


def test_every_bad_field_is_named_by_its_path(clinic: Clinic) -> None:
    response = with_token(clinic).post("/appointments", starts_at="soon", client_reference=5)

    body = response.json()
    assert response.status_code == 400
    assert set(body) == {"error", "code", "errors"}
    assert (body["error"], body["code"]) == ("Validation error", "validation_error")
    assert set(body["errors"]) == {"appointment_type_uid", "starts_at", "client_reference"}
    assert all(isinstance(m, list) and m and all(m) for m in body["errors"].values())


def test_an_unexpected_exception_is_a_500_without_details(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    quoting_the_row = "Key (email)=(paula@patients.example) already exists"

    def broken(**_: object) -> None:
        raise RuntimeError(quoting_the_row)

    monkeypatch.setattr(lifecycle, "hold", broken)
    response = with_token(clinic).hold(clinic, on_the_grid(timedelta(hours=5)))

    assert response.status_code == 500
    assert response.json() == {"error": "Internal server error", "code": "internal_error"}
    assert "RuntimeError" in caplog.text
    assert "test_errors.py" in caplog.text  # the stack says where
    assert "paula" not in caplog.text


def test_a_host_that_is_not_ours_is_refused_in_json() -> None:
    response = Client().get(f"{BASE}/appointments", headers={"Host": "evil.example"})

    assert response.status_code == 400
    assert response.json()["code"] in ("bad_request", "validation_error")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_json_counts_whatever_the_content_type_says(clinic: Clinic, content_type: str) -> None:
    partner = with_token(clinic)

    def post(data: bytes) -> Any:
        return partner.client.generic(
            "POST",
            f"{BASE}/booking-launch-codes",
            data,
            content_type=content_type,
            headers=dict(partner.headers),
        )

    assert post(b'{"a": 1}').status_code == 201
    assert post(b"").status_code == 201
    assert post(b"a=1&b=2").status_code == 400


def test_a_patients_name_is_in_no_log(
    clinic: Clinic, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = [
        {"field": "first_name", "value": "Canaria", "source": "shop"},
        {"field": "phone", "value": "not-canaria", "source": "shop"},
    ]
    partner = with_token(clinic, "canaria-7", patient_profile_fields=fields)
    calls: list[Callable[[], Any]] = [
        lambda: partner.hold(clinic, on_the_grid(timedelta(hours=5)), client_reference="canaria"),
        lambda: partner.hold(clinic, on_the_grid(timedelta(hours=5))),
        lambda: partner.get("/appointments", client_reference="canaria"),
        lambda: partner.post("/appointments/mtg-none/cancel", reason="canaria"),
        lambda: partner.post("/appointments", starts_at="canaria"),
        lambda: Partner({TOKEN_HEADER: "canaria"}).get("/appointments"),
    ]

    statuses = [call().status_code for call in calls]

    def broken(*_: object, **__: object) -> None:
        raise ValueError(fields[0]["value"])

    monkeypatch.setattr(lifecycle, "confirm", broken)
    uid = partner.get("/appointments").json()["data"][0]["uid"]
    assert partner.post(f"/appointments/{uid}/confirm").status_code == 500
    assert statuses == [201, 409, 200, 404, 400, 401]
    assert "ValueError" in caplog.text
    assert "canaria" not in caplog.text.lower()
    assert partner.headers[TOKEN_HEADER] not in caplog.text
