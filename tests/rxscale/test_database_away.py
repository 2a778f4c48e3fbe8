"""While PostgreSQL is away every endpoint and page says so: 503, when to come back, and nothing of the inside."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from common.postgresql import base
from organisations import api_keys
from tests.api.everything import MANAGEMENT, operations
from tests.api.world import KEY_HEADER, TOKEN_HEADER, mint
from tests.portals.routes import Route, routes


@pytest.fixture(autouse=True)
def away(django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody listens where PostgreSQL was."""
    with django_db_blocker.unblock():
        connection.close()
        monkeypatch.setattr(base.DatabaseWrapper, "Database", base._Driver())
        monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
        monkeypatch.setitem(connection.settings_dict, "PORT", "1")
        yield
        connection.close()


def browser() -> Client:
    """Of somebody who seems to be signed in: who they are is what the database would know."""
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = "s" * 32
    client.cookies["booking_session"] = "b" * 43
    return client


def assert_says_so(response: Any, label: str, content_type: str) -> None:
    text = response.content.decode()
    assert response.status_code == 503, label
    assert int(response.headers["Retry-After"]) >= 1, label
    assert response.headers["Content-Type"].startswith(content_type), label
    assert not re.search(r"Traceback|psycopg|OperationalError|127\.0\.0\.1|\.py\b", text), label


PROBES = ("healthz", "readyz", "metrics")
PAGES = [route for route in routes() if route.surface not in ("v1", "staff", *PROBES)]


def url_of(route: Route) -> str:
    value = "dlv-x" if "delivery_uid" in route.parameters else "1-x"
    return reverse(route.name, kwargs=dict.fromkeys(route.parameters, value))


def test_every_page_says_so() -> None:
    for route in PAGES:
        response = browser().get(url_of(route))
        if response.status_code == 405:
            response = browser().post(url_of(route))
        if route.surface != "hooks":  # which ask for a signature first
            assert_says_so(response, route.name, "text/html")


def test_every_operation_says_so_in_json() -> None:
    token = mint("bsk-1", "s" * 32, shop_identifier="shop", shop_customer_id="1")
    for operation in operations():
        url = re.sub(r"\{\w+\}", "1", operation.path)
        is_ours = operation.path.startswith(MANAGEMENT)
        headers = {KEY_HEADER: api_keys._new_text()} if is_ours else {TOKEN_HEADER: token}
        response = Client().generic(operation.method, url, "{}", headers=headers)

        assert_says_so(response, operation.label, "application/json")
        assert response.json()["code"] == "unavailable", operation.label


def test_the_probes_tell_alive_from_ready() -> None:
    assert browser().get(reverse("healthz")).status_code == 200
    assert_says_so(browser().get(reverse("readyz")), "readyz", "application/json")


def test_the_log_has_a_line_for_it_and_no_stack(caplog: pytest.LogCaptureFixture) -> None:
    browser().get("/admin/")

    (record,) = [each for each in caplog.records if each.name == "django.request"]
    assert record.getMessage() == "Service Unavailable: /admin/"
    assert record.exc_info is None


@pytest.mark.parametrize("path", ["/admin/", "/v1/scheduling/doctors"])
def test_a_bug_of_ours_is_no_outage(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(base.DatabaseWrapper, "ensure_connection", fail)

    response = browser().get(path, {"shop_uid": "shop-1"})

    assert response.status_code == 500
    assert "Retry-After" not in response.headers
