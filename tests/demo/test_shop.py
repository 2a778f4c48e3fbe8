"""The partner's shop: mint, launch code, hosted page, over real HTTP; and a receiver that judges what it gets."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings
from pytest_django.live_server_helper import LiveServer
from standardwebhooks import Webhook

from appointments import lifecycle
from appointments.slots import bookable
from booking_secrets import secrets
from common.clock import from_epoch, to_epoch, utc_now
from notifications import delivery
from notifications.models import Delivery, DeliveryAttempt, NotificationSubscription
from notifications.signing import hex_signature
from organisations.models import Patient, Shop
from rxscale.demo import receiver, shop, shop_keys
from rxscale.demo.clinic import Clinic
from tests.factories import ADMIN, PATIENT

from .small_clinic import small_clinic

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def northside(doors: Settings, db: None) -> Clinic:
    """Not the standing one of the others: some tests of this module really commit."""
    return small_clinic()


@pytest.fixture
def keys(doors: Settings) -> shop.Keys:
    keys = shop.Keys(
        api="http://127.0.0.1:1",
        shop_identifier="northside-health.example",
        key_id="bsk-1",
        secret="s" * 43,
        signing_secrets={"visits": SIGNING_SECRET},
        subscription_uids={},
    )
    shop.write_keys(keys)
    return keys


@pytest.fixture
def open_shop(
    transactional_db: None,
    live_server: LiveServer,
    northside: Clinic,
    doors: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> Clinic:
    """The shop with its keys, and the API behind it at a real address."""
    doors.BASE_URL = live_server.url
    monkeypatch.setenv("PORT", str(live_server.thread.port))
    _hand_over(northside)
    return northside


def _hand_over(clinic: Clinic) -> dict[str, str]:
    secret, text = secrets.create(
        clinic.organisation, name="Shop backend", actor=ADMIN, now=utc_now()
    )
    given = {"key_id": secret.key_id, "secret": text}
    shop_keys.hand_over(clinic, given, now=utc_now())
    return given


def _rows(clinic: Clinic) -> list[NotificationSubscription]:
    rows = NotificationSubscription.objects.of(clinic.organisation)
    return list(rows.filter(target__contains="/demo/shop/").order_by("id"))


# Booking


def test_one_button_mints_a_token_and_opens_the_hosted_page(
    open_shop: Clinic, client: Client, live_server: LiveServer
) -> None:
    answer = client.post("/demo/shop/book", {"customer": "greta"})

    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert address.startswith(f"{live_server.url}/book/?booking_launch_code=")
    launch = client.get(address.removeprefix(live_server.url))
    assert launch.status_code == 200
    code = address.partition("=")[2]
    client.post("/book/", {"booking_launch_code": code}, follow=True)
    patient = Patient.objects.get(shop_customer_id="demo-greta")
    assert (patient.first_name, patient.language) == ("Greta", "de")


def test_the_token_is_the_documented_ones_twin(keys: shop.Keys) -> None:
    now = utc_now()
    token = shop.mint(keys, shop.CUSTOMERS["robin"], now=now)

    assert jwt.get_unverified_header(token)["kid"] == "bsk-1"
    claims = jwt.decode(token, keys.secret, algorithms=["HS256"], audience="rxscale-scheduling")
    assert claims["exp"] - claims["iat"] == 300
    assert claims["iat"] - claims["nbf"] == 10
    assert {field["source"] for field in claims["patient_profile_fields"]} == {"shop"}


@pytest.mark.django_db
def test_what_the_api_says_instead_of_a_code_is_shown(open_shop: Clinic, client: Client) -> None:
    known = shop.read_keys()
    assert known is not None
    shop.write_keys(replace(known, secret="another secret of forty-three characters!!"))

    answer = client.post("/demo/shop/book", {"customer": "robin"})

    assert answer.status_code == 502
    assert "It said: 401" in answer.content.decode()


def test_an_api_that_is_away_is_said_in_words(keys: shop.Keys, client: Client) -> None:
    answer = client.post("/demo/shop/book", {"customer": "robin"})

    assert answer.status_code == 502
    assert "No answer from http://127.0.0.1:1" in answer.content.decode()


def test_the_shop_books_for_its_two_customers_and_nobody_else(
    keys: shop.Keys, client: Client
) -> None:
    assert client.post("/demo/shop/book", {"customer": "ada"}).status_code == 404
    assert client.post("/demo/shop/book").status_code == 404


def test_a_shop_without_keys_says_so(doors: Settings, client: Client) -> None:
    assert "no keys yet" in client.get("/demo/shop/").content.decode()
    assert client.post("/demo/shop/book", {"customer": "robin"}).status_code == 404


def test_the_shops_page_asks_the_database_nothing(
    keys: shop.Keys, client: Client, db: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        answer = client.get("/demo/shop/")

    assert keys.key_id in answer.content.decode()
    assert keys.secret not in answer.content.decode()
    assert "form-action 'self' http" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("what", ["privacy", "imprint"])
def test_the_shop_has_its_privacy_notice_and_imprint(
    doors: Settings, client: Client, what: str
) -> None:
    assert client.get(f"/demo/shop/{what}").status_code == 200
    assert client.get("/demo/shop/terms").status_code == 404


# Receiving


def _signed(body: bytes, *, secret: str = SIGNING_SECRET, event: str = "evt-1") -> dict[str, str]:
    now = utc_now()
    return {
        "X-Webhook-Event": "patient_doctor_meeting_updated",
        "X-Webhook-Signature": hex_signature(secret, body.decode()),
        "webhook-id": event,
        "webhook-timestamp": str(to_epoch(now)),
        "webhook-signature": Webhook(secret).sign(event, now, body.decode()),
    }


BODY = orjson.dumps(
    {
        "event_type": "patient_doctor_meeting_updated",
        "data": {"status": "confirmed", "previous_status": "held"},
    }
)


def _send(client: Client, body: bytes, headers: dict[str, str], name: str = "visits") -> Any:
    return client.post(
        f"/demo/shop/webhooks/{name}", body, content_type="application/json", headers=headers
    )


def test_a_genuine_webhook_is_kept_with_both_verdicts(keys: shop.Keys, client: Client) -> None:
    stranger = Client(enforce_csrf_checks=True)
    assert _send(stranger, BODY, _signed(BODY)).status_code == 204

    [came] = receiver.newest()
    assert came.in_words == "Visit confirmed"
    text = client.get("/demo/shop/").content.decode()
    assert "X-Webhook-Signature valid" in text
    assert "Standard Webhooks valid" in text
    assert "does not match" not in text


def test_another_secrets_signature_is_refused_and_shown_as_such(
    keys: shop.Keys, client: Client
) -> None:
    other = _signed(BODY, secret="whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    half = {**_signed(BODY), "X-Webhook-Signature": other["X-Webhook-Signature"]}

    assert _send(client, BODY, other).status_code == 401
    assert _send(client, BODY, half).status_code == 401
    assert _send(client, BODY + b" ", _signed(BODY)).status_code == 401

    verdicts = [
        (came.is_documented_signature, came.is_standard_signature) for came in receiver.newest()
    ]
    assert verdicts == [(False, False), (False, True), (False, False)]
    text = client.get("/demo/shop/").content.decode()
    assert text.count("X-Webhook-Signature does not match") == 3
    assert text.count("Standard Webhooks valid") == 1


@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00", b"[]", b'{"data": null}', b'{"data": [1]}', b'"text"']
)
def test_a_body_that_makes_no_sense_breaks_neither_receiver_nor_page(
    keys: shop.Keys, client: Client, body: bytes
) -> None:
    assert _send(client, body, {}).status_code == 401
    assert client.get("/demo/shop/").status_code == 200


def test_a_receiver_nobody_made_is_404(keys: shop.Keys, client: Client) -> None:
    assert _send(client, BODY, _signed(BODY), name="others").status_code == 404


def test_the_page_asks_for_what_is_new_and_gets_only_that(keys: shop.Keys, client: Client) -> None:
    htmx = {"HX-Request": "true"}
    _send(client, BODY, _signed(BODY, event="evt-old"))
    [old] = receiver.newest()
    _send(client, BODY, _signed(BODY, event="evt-new"))

    news = client.get(f"/demo/shop/?after={old.number}", headers=htmx)
    text = news.content.decode()
    assert "evt-new" in text
    assert "evt-old" not in text
    latest = receiver.newest()[0].number
    assert f"after={latest}" in text
    assert client.get(f"/demo/shop/?after={latest}", headers=htmx).status_code == 204
    assert "evt-old" in client.get("/demo/shop/?after=nonsense", headers=htmx).content.decode()


def test_one_that_comes_again_is_told_from_a_new_one(keys: shop.Keys, client: Client) -> None:
    for event in ("evt-1", "evt-2", "evt-1"):
        _send(client, BODY, _signed(BODY, event=event))

    assert [came.is_repeat for came in receiver.newest()] == [True, False, False]
    assert client.get("/demo/shop/").content.decode().count("sent again, dropped") == 1


def test_the_oldest_are_thrown_away(
    keys: shop.Keys, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "KEPT", 2)
    for number in range(4):
        _send(client, BODY, _signed(BODY, event=f"evt-{number}"))

    assert [came.webhook_id for came in receiver.newest()] == ["evt-3", "evt-2"]


def test_the_engine_reaches_it_as_any_receiver(open_shop: Clinic) -> None:
    """Booked by the verb, sent by the engine over HTTP, judged by the shop."""
    now, kind = utc_now(), open_shop.types[0]
    start = to_epoch(now + timedelta(days=1))
    slot = bookable(kind, start=start, end=start + 86_400, now=now)[0]
    held = lifecycle.hold(
        patient=open_shop.patients[0],
        appointment_type=kind,
        starts_at=from_epoch(slot.starts_at),
        actor=PATIENT,
        now=now,
    )
    lifecycle.confirm(held, actor=PATIENT, now=now)

    delivery.deliver_due(utc_now())

    came = receiver.newest()
    assert [each.in_words for each in came] == [
        "Visit confirmed",
        "Time held",
    ]
    assert all(each.is_documented_signature and each.is_standard_signature for each in came)
    sent = Delivery.objects.filter(subscription__in=_rows(open_shop))
    assert {row.state for row in sent} == {"delivered"}
    assert set(
        DeliveryAttempt.objects.filter(delivery__in=sent).values_list("status_code", flat=True)
    ) == {204}


# What a start hands over


@pytest.mark.django_db
def test_a_second_start_leaves_the_subscriptions_as_their_users_did(northside: Clinic) -> None:
    _hand_over(northside)
    first = shop.read_keys()
    rows = _rows(northside)
    rows[0].deleted_at = utc_now()
    rows[0].save()

    _hand_over(northside)

    assert first is not None
    again = shop.read_keys()
    assert again is not None
    assert again.signing_secrets == first.signing_secrets
    assert [row.uid for row in _rows(northside)] == [row.uid for row in rows]
    assert shop.keys_path().stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_on_another_port_the_subscriptions_move_along(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "8201")
    _hand_over(northside)
    monkeypatch.setenv("PORT", "8202")
    _hand_over(northside)

    living = [row.target for row in _rows(northside) if row.deleted_at is None]
    assert living == [
        "http://127.0.0.1:8202/demo/shop/webhooks/reminders",
        "http://127.0.0.1:8202/demo/shop/webhooks/visits",
    ]


@pytest.mark.django_db
def test_keys_that_were_lost_are_made_again(northside: Clinic) -> None:
    _hand_over(northside)
    shop.keys_path().unlink()
    _hand_over(northside)

    assert len([row for row in _rows(northside) if row.deleted_at is None]) == 2


@pytest.mark.django_db
def test_a_port_no_webhook_may_go_to_leaves_the_shop_without_any(
    northside: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "80")
    _hand_over(northside)

    assert _rows(northside) == []
    assert json.loads(shop.keys_path().read_text())["signing_secrets"] == {}


@pytest.mark.django_db
def test_the_booking_page_leads_back_to_the_shop(northside: Clinic, doors: Settings) -> None:
    doors.BASE_URL = "http://127.0.0.1:8201"
    _hand_over(northside)
    row = Shop.objects.get(pk=northside.shop.pk)
    assert row.return_url == "http://127.0.0.1:8201/demo/shop/"
    assert row.imprint_url.endswith("/demo/shop/imprint")
    assert row.contact_email

    row.return_url = "https://elsewhere.example/"
    row.save()
    northside.shop.refresh_from_db()
    _hand_over(northside)
    assert Shop.objects.get(pk=row.pk).return_url == "https://elsewhere.example/"
