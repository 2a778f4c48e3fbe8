"""The rate limit, on a real Redis, and what happens when that is away."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from redis import Redis

from api import ratelimit
from common import rate_limits
from common.clock import to_epoch, utc_now
from organisations.models import Permission

from .world import KEY_HEADER, TOKEN_HEADER, Clinic, Partner, with_key, with_token

NOBODY = "redis://127.0.0.1:1/0"


@pytest.fixture(autouse=True)
def limit(settings: LazySettings, no_rate_limit: None) -> Iterator[None]:
    """Three a minute; a clean store before and after."""
    settings.RATE_LIMIT = "3/m"
    store = Redis.from_url(settings.REDIS_URL)
    clean(store)
    rate_limits.breaker.close()
    yield
    clean(store)
    rate_limits.breaker.close()
    store.close()


def clean(store: Any) -> None:
    for key in store.scan_iter("ratelimit*"):
        store.delete(key)


def statuses(partner: Partner, times: int, path: str = "/appointments", **query: Any) -> list[int]:
    return [partner.get(path, **query).status_code for _ in range(times)]


def test_the_call_above_the_limit_is_429_and_says_when_to_try_again(clinic: Clinic) -> None:
    partner = with_token(clinic)
    assert statuses(partner, 3) == [200] * 3

    response = partner.get("/appointments")

    assert response.status_code == 429
    assert response.content == b'{"error":"Rate limit exceeded"}'
    assert 1 <= int(response.headers["Retry-After"]) <= 60


def test_several_windows_hold_at_once(clinic: Clinic, settings: LazySettings) -> None:
    settings.RATE_LIMIT = "2/s,3/m"
    partner = with_token(clinic)

    first = statuses(partner, 3)
    time.sleep(1.05)
    second = statuses(partner, 2)

    assert first == [200, 200, 429]
    assert second == [200, 429]


def test_a_patient_has_one_limit_for_all_tokens_and_each_patient_an_own_one(
    clinic: Clinic,
) -> None:
    for token in (clinic.token("a"), clinic.token("a", exp=to_epoch(utc_now()) + 200)) * 2:
        last = Partner({TOKEN_HEADER: token}).get("/appointments")

    assert last.status_code == 429
    assert statuses(with_token(clinic, "b"), 1) == [200]


def test_each_api_key_has_an_own_limit(clinic: Clinic) -> None:
    patient = clinic.patient()
    first, second = with_key(clinic), with_key(clinic)
    query = {"patient_profile_uid": patient.uid}

    assert statuses(first, 4, **query) == [200, 200, 200, 429]
    assert statuses(second, 1, **query) == [200]


def test_a_keys_calls_of_both_apis_count_together(clinic: Clinic) -> None:
    key = {KEY_HEADER: clinic.api_key(*Permission)}
    query = {"patient_profile_uid": clinic.patient().uid}
    assert statuses(Partner(key), 2, **query) == [200, 200]

    answers = [Client().get("/v1/management/doctors/", headers=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].content == b'{"error":"Rate limit exceeded"}'
    assert 1 <= int(answers[1].headers["Retry-After"]) <= 60


def test_a_call_without_or_with_a_failing_credential_counts_for_the_address(
    clinic: Clinic,
) -> None:
    shop = {"shop_uid": clinic.shop.uid}
    bad = Partner({TOKEN_HEADER: "nonsense"})

    assert statuses(Partner(), 1, "/doctors", **shop) == [200]
    assert statuses(bad, 1) == [401]
    assert statuses(Partner({KEY_HEADER: "nonsense"}), 1) == [401]
    assert statuses(bad, 1) == [429]
    assert statuses(Partner(), 1, "/doctors", **shop) == [429]
    assert statuses(Partner(), 1) == [429]
    # A good credential has a limit of its own, also where none is needed.
    assert statuses(with_token(clinic), 1, "/doctors", **shop) == [200]
    assert statuses(with_key(clinic), 1, "/doctors", **shop) == [200]


def test_a_key_without_the_permission_counts_as_well(clinic: Clinic) -> None:
    partner = Partner({KEY_HEADER: clinic.api_key(Permission.PATIENT_READ)})

    assert statuses(partner, 4) == [403, 403, 403, 429]


def test_trusted_proxies_vouch_for_the_address(clinic: Clinic, settings: LazySettings) -> None:
    settings.TRUSTED_PROXIES = ["127.0.0.1"]

    def call(address: str) -> int:
        response = Partner().get(
            "/doctors", headers={"X-Forwarded-For": address}, shop_uid=clinic.shop.uid
        )
        return int(response.status_code)

    assert [call("203.0.113.5") for _ in range(4)] == [200, 200, 200, 429]
    assert call("203.0.113.6") == 200
    settings.TRUSTED_PROXIES = []
    assert [call(f"203.0.113.{n}") for n in range(4)] == [200, 200, 200, 429]


@pytest.mark.parametrize("path", ["/openapi.json", "/apidocs", "/apidocs/"])
def test_the_description_of_the_api_is_free(clinic: Clinic, path: str) -> None:
    assert statuses(Partner(), 8, path) == [200] * 8
    assert statuses(Partner(), 3, "/doctors", shop_uid=clinic.shop.uid) == [200] * 3


def test_off_means_off(clinic: Clinic, settings: LazySettings) -> None:
    settings.RATE_LIMIT = "off"

    assert statuses(with_token(clinic), 8) == [200] * 8


def test_when_the_store_is_away_calls_pass_and_cost_no_timeout_each(
    clinic: Clinic, settings: LazySettings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.REDIS_URL = NOBODY

    assert statuses(with_token(clinic), 8) == [200] * 8

    assert caplog.text.count("ratelimit.store_away") == 1  # the breaker stayed open


def test_a_store_that_does_not_answer_costs_little(
    clinic: Clinic, settings: LazySettings, unanswering_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{unanswering_port}/0"
    partner = with_token(clinic)
    partner.get("/appointments")
    rate_limits.breaker.close()

    before = time.perf_counter()
    ratelimit.count("key:any")
    first = time.perf_counter() - before
    before = time.perf_counter()
    for _ in range(100):
        ratelimit.count("key:any")

    assert first < 1
    assert time.perf_counter() - before < 0.1


@pytest.fixture
def unanswering_port() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def test_after_a_while_the_store_is_asked_again(
    clinic: Clinic, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = settings.REDIS_URL
    settings.REDIS_URL = NOBODY
    partner = with_token(clinic)
    assert statuses(partner, 4) == [200] * 4
    settings.REDIS_URL = good
    assert statuses(partner, 4) == [200] * 4

    later = time.monotonic() + rate_limits.BREAK_SECONDS
    monkeypatch.setattr("common.rate_limits.time.monotonic", lambda: later)

    assert statuses(partner, 4) == [200, 200, 200, 429]


def test_no_customer_number_is_written_into_the_store(
    clinic: Clinic, settings: LazySettings
) -> None:
    with_token(clinic, "paula@patients.example").get("/appointments")

    with Redis.from_url(settings.REDIS_URL) as store:
        keys = [bytes(key).decode() for key in store.scan_iter("ratelimit*")]
    assert len(keys) == 1
    assert "paula" not in keys[0]


@pytest.mark.parametrize(
    ("text", "amounts"),
    [("10/s,600/m", [10, 600]), ("600/m, 10/s", [10, 600]), ("off", []), (" OFF ", [])],
)
def test_the_setting_is_read_shortest_window_first(text: str, amounts: list[int]) -> None:
    assert [item.amount for item in rate_limits.parse_limits(text)] == amounts


@pytest.mark.parametrize("text", ["", "10", "10/x", "0/s", "-1/s", "ten/s", "10/s,", "１/s"])
def test_a_setting_that_cannot_be_read_is_said(text: str) -> None:
    with pytest.raises(ValueError, match="is not like"):
        rate_limits.parse_limits(text)
