"""Every operation below /v1/ × every credential there is: the contract's rule, held against the resolver.

All but the first are marked `fuzz`: every route for every caller, once more for each kind of key.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from common.clock import utc_now
from organisations import api_keys
from organisations.models import ApiKey, Permission
from tests.factories import ADMIN

from .everything import (
    MANAGEMENT,
    SCHEDULING,
    Everything,
    Operation,
    make_everything,
    operations,
    undone,
)
from .world import KEY_HEADER, TOKEN_HEADER, Clinic, make_clinic

ANY_KEY, ANYBODY, TOKEN = "any key", "anybody", "token"


def needed(operation: Operation) -> str:
    """Who may: contract.md 4 and 3, in code."""
    path, is_read = operation.path, operation.method == "GET"
    if path.startswith(f"{MANAGEMENT}/patients"):
        return "patient:read" if is_read else "patient:write"
    if path.startswith(f"{MANAGEMENT}/notification-subscriptions"):
        return f"notification_subscription:{'read' if is_read else 'write'}"
    if path == f"{MANAGEMENT}/health":
        return ANY_KEY
    if path.startswith(MANAGEMENT):
        reveals = path.endswith("/booking-secrets/{key_id}")
        return "scheduling:read" if is_read and not reveals else "scheduling:admin"
    if path.endswith("/booking-launch-codes"):
        return TOKEN
    is_public = path.removeprefix(SCHEDULING) in ("/appointment-types", "/doctors", "/slots")
    return ANYBODY if is_public else "scheduling:write"


@pytest.fixture
def ours(clinic: Clinic) -> Everything:
    return make_everything(clinic)


def ask(things: Everything, operation: Operation, **headers: str) -> Any:
    """The call, undone afterwards: the next one finds everything as it was."""
    with undone():
        return Client().generic(
            operation.method,
            things.url_of(operation),
            data=json.dumps(things.body_of(operation) or {}),
            content_type="application/json",
            headers=headers,
            query_params=things.query_of(operation),
        )


def codes(things: Everything, **headers: str) -> Iterator[tuple[Operation, str, int, str]]:
    """(operation, who may, status, code) of each."""
    for operation in operations():
        response = ask(things, operation, **headers)
        body = response.json() if response.content else {}
        code = body.get("code", "") if isinstance(body, dict) else ""
        yield operation, needed(operation), response.status_code, code


def test_without_a_credential_only_discovery_answers(ours: Everything) -> None:
    for operation, who, status, code in codes(ours):
        is_refused = (status, code) == (401, "authorization_header_missing")
        assert is_refused == (who != ANYBODY), operation.label
        assert is_refused or status == 200, operation.label


@pytest.mark.fuzz
@pytest.mark.parametrize("which", ["garbage", "empty", "well-formed", "revoked"])
def test_a_key_that_fails_is_refused_everywhere(
    clinic: Clinic, ours: Everything, which: str
) -> None:
    living = clinic.api_key(*Permission)
    if which == "revoked":
        api_keys.revoke(ApiKey.objects.get(), actor=ADMIN, now=utc_now())
    ApiKey.objects.filter(revoked_at=None).delete()  # its text is well-formed, and of nobody
    key = {"garbage": "nonsense", "empty": ""}.get(which, living)

    for operation, who, status, code in codes(ours, **{KEY_HEADER: key}):
        expected = {
            ANYBODY: (200, ""),
            TOKEN: (401, "authorization_header_missing"),
        }.get(who, (401, "invalid_api_key"))
        assert (status, code) == expected, operation.label


@pytest.mark.fuzz
def test_a_key_does_not_make_up_for_a_failing_token(clinic: Clinic, ours: Everything) -> None:
    headers = {KEY_HEADER: clinic.api_key(*Permission), TOKEN_HEADER: "nonsense"}

    for operation, who, status, code in codes(ours, **headers):
        if operation.path.startswith(SCHEDULING) and who != ANYBODY:
            assert (status, code) == (401, "invalid_header"), operation.label


@pytest.mark.fuzz
@pytest.mark.parametrize("permission", list(Permission))
def test_each_permission_alone_opens_its_own_operations(
    clinic: Clinic, ours: Everything, permission: Permission
) -> None:
    key = {KEY_HEADER: clinic.api_key(permission)}
    opened = []

    for operation, who, status, code in codes(ours, **key):
        if who == TOKEN:
            assert status == 401
        elif who in (ANYBODY, ANY_KEY, permission):
            assert status < 300 or status == 409, (operation.label, status, code)
            opened.append(who)
        else:
            assert (status, code) == (403, "permission_denied"), operation.label
    assert permission in opened


@pytest.mark.fuzz
def test_a_key_of_another_organisation_finds_nothing_of_ours(
    clinic: Clinic, ours: Everything
) -> None:
    theirs = make_clinic(name="Elsewhere")
    stranger = {KEY_HEADER: theirs.api_key(*Permission)}
    absent = {"error": "Resource not found", "code": "not_found"}
    named = 0

    for operation in operations():
        if needed(operation) in (ANYBODY, ANY_KEY, TOKEN):
            continue
        response = ask(ours, operation, **stranger)
        if operation.names_one:
            assert (response.status_code, response.json()) == (404, absent), operation.label
            named += 1
        elif response.status_code == 200:
            text = response.content.decode()
            for uid in (*ours.named_in(_EVERY_KIND).values(), clinic.shop.uid):
                assert uid not in text, operation.label
    assert named > 15


_EVERY_KIND = "/".join(
    f"{kind}/{{{kind.replace('-', '_')}}}"
    for kind in (
        "appointments",
        "appointment-types",
        "reminders",
        "doctors",
        "availability-rules",
        "availability-overrides",
        "time-off",
        "booking-secrets",
        "patients",
        "notification-subscriptions",
    )
)
