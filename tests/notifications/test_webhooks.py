"""Webhooks over real sockets: signatures, retries, and receivers that misbehave."""

import gzip
import hashlib
import hmac
import json
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook

from common.clock import utc_now
from common.outbound import MAX_ANSWER_BYTES
from notifications import delivery, outbox, subscriptions
from notifications.channels import webhook
from notifications.models import Delivery, DeliveryAttempt, DeliveryState, EventType
from notifications.retries import RETRY_DELAYS
from organisations.models import Organisation
from tests.doubles.http import Behaviour, Receiver, Request, answer, drip, endless, hang, reset
from tests.factories import ADMIN, NOW

from .world import make_event, publish_event, run, subscribe

pytestmark = pytest.mark.django_db


def verify_by_hand(request: Request, secret: str) -> bool:
    """Written from the contract alone: hex HMAC-SHA256 of the raw body under the secret's whole text."""
    expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    return request.headers["x-webhook-signature"] == expected


def signature_header(secret: str, request: Request) -> str:
    """What a stock Standard Webhooks signer makes of this request's id, timestamp and body."""
    at = NOW.fromtimestamp(int(request.headers["webhook-timestamp"]), NOW.tzinfo)
    return Webhook(secret).sign(request.headers["webhook-id"], at, request.body.decode())


def test_two_independent_verifiers_accept_a_delivery(clinic: Organisation) -> None:
    with Receiver() as receiver:
        _, secret = subscribe(clinic, receiver.url, headers={"X-Tenant": "north"})
        row = publish_event(clinic)
        run()

    [request] = receiver.requests
    assert verify_by_hand(request, secret)
    assert request.headers["webhook-signature"] == signature_header(secret, request)
    assert request.headers["webhook-id"] == row.event.uid  # type: ignore[union-attr]  # just made
    assert request.headers["x-webhook-event"] == "patient_doctor_meeting_updated"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-tenant"] == "north"
    assert request.body.startswith(
        b'{"event_type":"patient_doctor_meeting_updated","timestamp":1800000000,"payload_version":"1","data":'
    )


def test_a_stock_verifier_accepts_what_is_sent_now(clinic: Organisation) -> None:
    now = utc_now()
    with Receiver() as receiver:
        _, secret = subscribe(clinic, receiver.url)
        outbox.publish(now=now, events=[make_event(clinic)])
        delivery.deliver_due(now)

    [request] = receiver.requests
    assert Webhook(secret).verify(request.body, request.headers)["data"]["uid"] == "mtg-1"


def test_a_retry_has_the_same_bytes_and_id_and_a_signature_of_its_own(clinic: Organisation) -> None:
    with Receiver([answer(500)]) as receiver:
        _, secret = subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()
        row.refresh_from_db()
        assert row.state == DeliveryState.PENDING
        run(after=timedelta(minutes=1))

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.headers["x-webhook-signature"] == second.headers["x-webhook-signature"]
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    assert second.headers["webhook-signature"] == signature_header(secret, second)
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    codes = row.attempts.order_by("number").values_list("number", "status_code")
    assert list(codes) == [(1, 500), (2, 200)]


def test_while_a_secret_is_renewed_both_sign_and_the_documented_header_waits(
    clinic: Organisation,
) -> None:
    with Receiver() as receiver:
        subscription, old = subscribe(clinic, receiver.url)
        new = subscriptions.renew_signing_secret(subscription, actor=ADMIN, now=NOW)
        publish_event(clinic, "mtg-1")
        run()
        subscriptions.switch_to_new_secret(subscription, actor=ADMIN, now=NOW)
        publish_event(clinic, "mtg-2")
        run()
        publish_event(clinic, "mtg-3")
        run(after=timedelta(hours=24))

    waiting, switched, over = receiver.requests
    assert verify_by_hand(waiting, old)
    assert verify_by_hand(switched, new)
    for request in (waiting, switched):
        both = {signature_header(new, request), signature_header(old, request)}
        assert set(request.headers["webhook-signature"].split(" ")) == both
    assert verify_by_hand(over, new)
    assert over.headers["webhook-signature"] == signature_header(new, over)


def test_an_unswitched_renewal_ends_after_24_hours(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscription, old = subscribe(clinic, receiver.url)
        new = subscriptions.renew_signing_secret(subscription, actor=ADMIN, now=NOW)
        publish_event(clinic)
        run(after=timedelta(hours=24))

    [request] = receiver.requests
    assert verify_by_hand(request, new)
    assert not verify_by_hand(request, old)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 429, 500, 503])
def test_anything_but_2xx_is_tried_again_and_no_redirect_is_followed(
    clinic: Organisation, status: int
) -> None:
    with Receiver() as elsewhere, Receiver([answer(status, Location=elsewhere.url)]) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()

    row.refresh_from_db()
    assert (row.state, row.attempt_count) == (DeliveryState.PENDING, 1)
    assert elsewhere.requests == []
    assert row.attempts.get().status_code == status


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_acknowledges(clinic: Organisation, status: int) -> None:
    with Receiver(then=answer(status, b"")) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()

    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED


def test_retry_after_prolongs_the_wait_and_is_clamped(clinic: Organisation) -> None:
    waits = []
    with Receiver([answer(503, Retry_After="1800"), answer(503, Retry_After="9" * 40)]) as receiver:
        subscribe(clinic, receiver.url)
        for subject in ("mtg-1", "mtg-2"):
            row = publish_event(clinic, subject)
            run()
            row.refresh_from_db()
            assert row.next_attempt_at
            waits.append((row.next_attempt_at - NOW).total_seconds())

    assert waits[0] == pytest.approx(1_800, abs=10)
    assert waits[1] == pytest.approx(3_600, abs=10)


@pytest.mark.parametrize(
    "behaviour", [drip(3), hang(3)], ids=["a dripped body", "no answer at all"]
)
def test_the_deadline_is_a_total(
    clinic: Organisation, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert webhook.DEADLINE_SECONDS == 5
    monkeypatch.setattr(webhook, "DEADLINE_SECONDS", 0.5)
    with Receiver([behaviour]) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        started = time.monotonic()
        run()
        took = time.monotonic() - started

    assert 0.4 < took < 1.5
    row.refresh_from_db()
    assert row.state == DeliveryState.PENDING
    assert row.attempts.get().error == "no answer in time"


def test_a_reset_connection_is_tried_again(clinic: Organisation) -> None:
    with Receiver([reset]) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()
        run(after=timedelta(minutes=1))

    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    assert len(receiver.requests) == 2


def test_an_endless_answer_is_read_to_20_kilobytes_and_acknowledges(clinic: Organisation) -> None:
    with Receiver([endless]) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        started = time.monotonic()
        run()

    assert time.monotonic() - started < 3
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    assert len(row.attempts.get().response_excerpt) == 1_000


def test_a_compressed_answer_is_never_inflated(clinic: Organisation) -> None:
    bomb = gzip.compress(b"0" * 10_000_000)
    assert len(bomb) < MAX_ANSWER_BYTES
    with Receiver([answer(200, bomb, Content_Encoding="gzip")]) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        run()

    assert receiver.requests[0].headers["accept-encoding"] == "identity"
    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED
    assert "0000" not in row.attempts.get().response_excerpt


def test_an_answer_that_is_no_text_is_stored_as_text(clinic: Organisation) -> None:
    with Receiver([answer(500, b"a\x00b\xff\xfe")]) as receiver:
        subscribe(clinic, receiver.url)
        publish_event(clinic)
        run()

    assert DeliveryAttempt.objects.get().response_excerpt == "a\ufffdb\ufffd\ufffd"


def test_after_the_last_delay_the_delivery_has_failed(clinic: Organisation) -> None:
    with Receiver(then=answer(500)) as receiver:
        subscribe(clinic, receiver.url)
        row = publish_event(clinic)
        after = timedelta(0)
        for delay in (timedelta(0), *RETRY_DELAYS):
            after += delay * 1.2
            Delivery.objects.filter(state=DeliveryState.PENDING).update(next_attempt_at=NOW)
            delivery.deliver([row.pk], NOW + after)

    row.refresh_from_db()
    assert row.state == DeliveryState.FAILED
    assert row.attempt_count == len(receiver.requests) == len(RETRY_DELAYS) + 1


def test_a_test_event_goes_through_the_same_engine(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscription, secret = subscribe(
            clinic, receiver.url, notification_type=EventType.REMINDER_DUE
        )
        row = subscriptions.send_test(subscription, actor=ADMIN, now=NOW)
        run()

    [request] = receiver.requests
    body = json.loads(request.body)
    assert verify_by_hand(request, secret)
    assert body["event_type"] == "appointment_reminder_due"
    assert body["data"]["test"] is True
    row.refresh_from_db()
    assert (row.is_test, row.state) == (True, DeliveryState.DELIVERED)
