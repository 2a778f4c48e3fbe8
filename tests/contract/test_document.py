"""What both OpenAPI documents say beside their schemas: who may call, headers, examples; and their pages."""

import json
import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from organisations.models import Permission
from tests.api.everything import (
    MANAGEMENT,
    SCHEDULING,
    TARGET,
    Everything,
    Operation,
    make_everything,
    undone,
)
from tests.api.test_access_table import ANY_KEY, ANYBODY, TOKEN, needed
from tests.api.world import KEY_HEADER, TOKEN_HEADER, Clinic

from .conformance import violations

BASES = [SCHEDULING, MANAGEMENT]
_UID = re.compile(r"^[a-z]{2,4}-[0-9a-z]{20,24}$")


def document_of(base: str) -> Any:
    return Client().get(f"{base}/openapi.json").json()


def operations(document: Any) -> list[tuple[Operation, Any]]:
    return [
        (Operation(method.upper(), path), details)
        for path, item in document["paths"].items()
        for method, details in item.items()
    ]


@pytest.mark.parametrize("base", BASES)
def test_each_operation_names_what_it_needs(base: str) -> None:
    words = {
        ANY_KEY: "Needs an API key.",
        ANYBODY: "Needs no credential.",
        TOKEN: "Needs a booking token.",
        **{str(each): f"Needs an API key with `{each}`." for each in Permission},
        "scheduling:write": "Needs a booking token or an API key with `scheduling:write`.",
    }
    for operation, details in operations(document_of(base)):
        said, _, last = details["description"].rpartition("\n\n")
        assert last == words[needed(operation)], operation.label
        assert said, operation.label
        if "403" in details["responses"]:
            refusal = details["responses"]["403"]["content"]["application/json"]["example"]
            assert refusal["description"].endswith(f" {needed(operation)}."), operation.label


@pytest.mark.parametrize("base", BASES)
def test_the_headers_of_answers_are_documented(base: str) -> None:
    for operation, details in operations(document_of(base)):
        answers = details["responses"]
        if "429" in answers:
            assert list(answers["429"]["headers"]) == ["Retry-After"], operation.label
        is_repeatable = "422" in answers
        for status in (status for status in answers if status < "300"):
            named = list(answers[status].get("headers", []))
            assert named == (["Idempotent-Replayed"] if is_repeatable else []), operation.label


@pytest.mark.parametrize("base", BASES)
def test_every_body_answer_and_part_of_a_path_has_an_example_that_fits(base: str) -> None:
    document, number = document_of(base), 0
    for operation, details in operations(document):
        contents = [details.get("requestBody", {}), *details["responses"].values()]
        for media in (
            each["content"]["application/json"] for each in contents if "content" in each
        ):
            found = list(violations(document, media["schema"], media["example"]))
            assert found == [], operation.label
            number += 1
        parts = [each for each in details["parameters"] if each["in"] == "path"]
        assert all(_UID.match(each["example"]) for each in parts), operation.label
    assert number > 80


def ours(things: Everything, example: Any, name: str = "") -> Any:
    """The example, with names and times of what is there."""
    if isinstance(example, dict):
        return {key: ours(things, each, key) for key, each in example.items()}
    if isinstance(example, list):
        return [ours(things, each, name) for each in example]
    if example is None:
        return None
    there = {
        "starts_at": things.later,
        "shop_uid": things.clinic.shop.uid,
        "doctor_uid": things.clinic.doctor.uid,
        "doctor_uids": things.clinic.doctor.uid,
        "appointment_type_uid": things.clinic.kind.uid,
        "patient_profile_uid": things.patient.uid,
        "uid": things.subscription.uid,  # nothing else has its uid in a body
        "target": TARGET,
    }
    return there.get(name, example)


def credential(clinic: Clinic, operation: Operation) -> dict[str, str]:
    if needed(operation) == TOKEN:
        return {TOKEN_HEADER: clinic.token()}
    return {KEY_HEADER: clinic.api_key(*Permission)}


@pytest.mark.parametrize("base", BASES)
def test_the_example_of_every_body_is_accepted(clinic: Clinic, base: str) -> None:
    things, accepted = make_everything(clinic), set()
    for operation, details in operations(document_of(base)):
        if "requestBody" not in details:
            continue
        example = details["requestBody"]["content"]["application/json"]["example"]
        with undone():
            answer: Any = Client().generic(
                operation.method,
                things.url_of(operation),
                data=json.dumps(ours(things, example)),
                content_type="application/json",
                headers=credential(clinic, operation),
            )
        # The state of this small world may forbid it; the input must not.
        assert answer.status_code < 300 or answer.status_code == 409, answer.content
        accepted.add(answer.status_code)
    assert accepted >= {200, 201}


@pytest.mark.parametrize("base", BASES)
def test_the_interactive_page_loads_nothing_but_our_own_files(base: str) -> None:
    response = Client().get(f"{base}/apidocs")

    page = response.content.decode()
    policy = response.headers["Content-Security-Policy"]
    assert response.status_code == 200
    assert "script-src 'self';" in policy
    assert "style-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    sources = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert len(sources) == 3
    links = re.findall(r'href="([^"]+)"', page)
    assert len(links) == 3
    for source in (*sources, *links):
        assert finders.find(source.removeprefix("/static/")), source
    inline = [part for part in page.split("<script")[1:] if "src=" not in part.split(">")[0]]
    assert [part.split(">")[0] for part in inline] == [
        ' type="application/json" id="swagger-settings"'  # data, not run
    ]
