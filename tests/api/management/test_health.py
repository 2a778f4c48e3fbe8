"""Health: any key that lives, free of the rate limit; and what the API says of itself."""

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common.clock import utc_now
from organisations import api_keys
from organisations.models import ApiKey, Permission
from tests.api.world import Clinic
from tests.factories import ADMIN

from .world import BASE, Integrator, integrator


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("permission", list(Permission))
def test_any_key_is_answered_in_both_forms(
    clinic: Clinic, permission: Permission, slash: str
) -> None:
    response = integrator(clinic, permission).get(f"/health{slash}")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_without_a_living_key_it_is_401(api: Integrator) -> None:
    api_keys.revoke(ApiKey.objects.get(), actor=ADMIN, now=utc_now())

    revoked, unknown = api.get("/health"), Integrator("nonsense").get("/health")
    missing = Client().get(f"{BASE}/health")

    for response in (revoked, unknown):
        assert (response.status_code, response.json()["code"]) == (401, "invalid_api_key")
    assert missing.status_code == 401
    assert missing.json()["code"] == "authorization_header_missing"


def test_health_and_the_document_are_free(clinic: Clinic, settings: LazySettings) -> None:
    settings.RATE_LIMIT = "1/h"
    api = integrator(clinic)

    assert {api.get("/health/").status_code for _ in range(5)} == {200}
    assert {Client().get(f"{BASE}/health/").status_code for _ in range(5)} == {401}
    assert {Client().get(f"{BASE}/openapi.json").status_code for _ in range(5)} == {200}
    assert {Client().get(f"{BASE}/apidocs/").status_code for _ in range(5)} == {200}


def test_a_key_costs_one_statement(api: Integrator) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert api.get("/health/").status_code == 200

    assert len(queries) == 1
