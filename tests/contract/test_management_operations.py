"""The Management API has exactly the contract's operations, documented as they are enforced."""

from typing import Any

import pytest
from django.test import Client

from tests.api.everything import MANAGEMENT

SCHEDULING, DOCTOR = "/scheduling", "/scheduling/doctors/{doctor_uid}"
KINDS = {
    f"{SCHEDULING}/appointment-types": "{uid}",
    f"{SCHEDULING}/appointment-types/{{type_uid}}/reminders": "{uid}",
    f"{DOCTOR}/availability-rules": "{uid}",
    f"{DOCTOR}/availability-overrides": "{uid}",
    f"{DOCTOR}/time-off": "{uid}",
}
SUBSCRIPTIONS = "/notification-subscriptions"
OPERATIONS = {
    "/health": {"get"},
    f"{SCHEDULING}/appointments": {"get"},
    f"{SCHEDULING}/appointments/{{uid}}": {"get"},
    **{
        f"{SCHEDULING}/appointments/{{uid}}/{move}": {"post"}
        for move in ("cancel", "rebook", "complete", "no-show")
    },
    **{kind: {"get", "post"} for kind in KINDS},
    **{f"{kind}/{uid}": {"get", "patch", "delete"} for kind, uid in KINDS.items()},
    f"{SCHEDULING}/booking-secrets": {"get", "post"},
    f"{SCHEDULING}/booking-secrets/{{key_id}}": {"get", "delete"},
    "/doctors": {"get"},
    "/doctors/{uid}": {"get", "patch"},
    "/patients": {"get", "post"},
    "/patients/{uid}": {"get"},
    "/patients/{uid}/export": {"get"},
    "/patients/{uid}/erase": {"post"},
    SUBSCRIPTIONS: {"get", "post", "delete"},
    f"{SUBSCRIPTIONS}/{{uid}}": {"delete"},
    f"{SUBSCRIPTIONS}/{{uid}}/test": {"post"},
    f"{SUBSCRIPTIONS}/test": {"post"},
}


@pytest.fixture(scope="module")
def document() -> Any:
    return Client().get(f"{MANAGEMENT}/openapi.json").json()


def operations(document: Any) -> list[tuple[str, str, Any]]:
    return [
        (method, path.removeprefix(MANAGEMENT), operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    ]


def test_the_document_names_exactly_the_contracts_operations(document: Any) -> None:
    paths: dict[str, set[str]] = {}
    for method, path, _ in operations(document):
        paths.setdefault(path, set()).add(method)

    assert paths == OPERATIONS
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))


# Lists that name nothing that could be absent, and writes that the state of things can forbid.
NEVER_404 = {
    "health",
    "appointments",
    "appointment_types",
    "booking_secrets",
    "clinic_doctors",
    "notification_subscriptions",
}
SOMETIMES_409 = {
    *("cancel", "rebook", "complete", "no_show"),
    *("add_reminder", "change_reminder"),
    *("add_availability_rule", "change_availability_rule"),
    *("add_availability_override", "change_availability_override"),
    *("create_subscription", "erase_patient"),
}


def test_each_asks_for_a_key_and_says_what_it_answers(document: Any) -> None:
    for method, path, operation in operations(document):
        name, answered = operation["operationId"], set(operation["responses"])
        assert operation["security"] == [{"ApiKeyHeader": []}], path
        expected = {"401", "500"}
        if name != "health":
            expected |= {"400", "403", "429"}
        expected |= {"413"} if "requestBody" in operation else set()
        expected |= {"404"} if name not in NEVER_404 else set()
        expected |= {"409"} if name in SOMETIMES_409 else set()
        is_move = method == "post" and path.startswith(f"{SCHEDULING}/appointments/")
        expected |= {"422"} if is_move else set()
        errors = {status for status in answered if status >= "400"}
        assert errors - {"413"} == expected - {"413"}, (method, path)
        assert expected <= answered, (method, path)


def test_moves_take_an_idempotency_key_and_nothing_else_does(document: Any) -> None:
    for method, path, operation in operations(document):
        headers = [p["name"] for p in operation.get("parameters", []) if p["in"] == "header"]
        is_move = method == "post" and path.startswith(f"{SCHEDULING}/appointments/")
        assert headers == (["Idempotency-Key"] if is_move else []), path
