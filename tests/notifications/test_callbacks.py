"""Providers' callbacks over HTTP: believed only when signed, and never a 500."""

import base64
import json
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import Settings
from twilio.request_validator import RequestValidator

from notifications import leases
from notifications.models import Channel, Delivery, DeliveryState, Suppression
from organisations.models import Organisation
from tests.doubles import postmark
from tests.factories import NOW

from .world import make_message, publish_message

pytestmark = pytest.mark.django_db
AUTH = "Basic " + base64.b64encode(b"postmark:secret").decode()


@pytest.fixture(autouse=True)
def _providers(settings: Settings) -> None:
    settings.TWILIO_AUTH_TOKEN = "token"
    settings.BASE_URL = "https://scheduling.example"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "postmark:secret"}


def begun(clinic: Organisation, channel: Channel, address: str) -> Delivery:
    """A delivery whose call is under way."""
    publish_message(make_message(clinic, channel, address))
    [row] = leases.claim(NOW, limit=1)
    assert leases.begin(row, NOW, timedelta(seconds=30))
    return row


def post_status(
    client: Client, uid: str, form: dict[str, str], *, signature: str | None = None
) -> int:
    path = f"/hooks/twilio/{uid}"
    if signature is None:
        validator = RequestValidator("token")
        signature = validator.compute_signature(f"https://scheduling.example{path}", form)
    return client.post(path, form, headers={"X-Twilio-Signature": signature}).status_code


def post_event(client: Client, body: object, authorization: str = AUTH) -> int:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.post(
        "/hooks/email/",
        content,
        content_type="application/json",
        headers={"Authorization": authorization},
    )
    return response.status_code


@pytest.mark.parametrize(
    ("statuses", "state"),
    [
        (["queued", "sent"], DeliveryState.SENT),
        (["sent", "delivered", "sent"], DeliveryState.DELIVERED),
        (["undelivered"], DeliveryState.FAILED),
        (["nonsense"], DeliveryState.UNKNOWN),
    ],
)
def test_an_unknown_sms_is_settled_by_what_twilio_reports(
    client: Client, clinic: Organisation, statuses: list[str], state: str
) -> None:
    row = begun(clinic, Channel.SMS, "+4915112345678")
    leases.give_up_on_unanswered(row, NOW)

    for status in statuses:
        assert post_status(client, row.uid, {"MessageStatus": status, "MessageSid": "SM1"}) == 204

    row.refresh_from_db()
    assert row.state == state


def test_a_report_that_overtakes_the_answer_settles_and_is_not_undone(
    client: Client, clinic: Organisation
) -> None:
    row = begun(clinic, Channel.SMS, "+4915112345678")

    post_status(client, row.uid, {"MessageStatus": "delivered"})
    leases.give_up_on_unanswered(row, NOW)

    row.refresh_from_db()
    assert row.state == DeliveryState.DELIVERED


def test_a_report_about_an_sms_that_was_never_called_changes_nothing(
    client: Client, clinic: Organisation
) -> None:
    row = publish_message(make_message(clinic, Channel.SMS, "+4915112345678"))

    assert post_status(client, row.uid, {"MessageStatus": "delivered"}) == 204

    row.refresh_from_db()
    assert row.state == DeliveryState.PENDING


def test_stop_reported_later_suppresses_the_number(client: Client, clinic: Organisation) -> None:
    row = begun(clinic, Channel.SMS, "+4915112345678")

    post_status(client, row.uid, {"MessageStatus": "failed", "ErrorCode": "21610"})

    row.refresh_from_db()
    assert row.state == DeliveryState.SKIPPED
    assert Suppression.objects.get().reason == "opted_out"


def test_an_unsigned_status_is_refused(
    client: Client, clinic: Organisation, settings: Settings
) -> None:
    row = begun(clinic, Channel.SMS, "+4915112345678")
    form = {"MessageStatus": "delivered"}

    for signature in ("", "wrong", "ü" * 28):
        assert post_status(client, row.uid, form, signature=signature) == 403
    settings.TWILIO_AUTH_TOKEN = ""
    assert post_status(client, row.uid, form) == 403

    row.refresh_from_db()
    assert row.state == DeliveryState.PENDING


def test_a_signed_status_for_a_delivery_that_is_not_there_is_404(client: Client) -> None:
    assert post_status(client, "dlv-nothere", {"MessageStatus": "sent"}) == 404
    assert client.post("/hooks/twilio/dlv-%00").status_code == 404
    assert client.get("/hooks/twilio/dlv-nothere").status_code == 405


@pytest.mark.parametrize(
    ("record", "fields", "state", "reason"),
    [
        ("Delivery", {}, DeliveryState.DELIVERED, None),
        ("Bounce", {"Type": "HardBounce"}, DeliveryState.BOUNCED, "bounced"),
        ("Bounce", {"Type": "BadEmailAddress"}, DeliveryState.BOUNCED, "bounced"),
        ("Bounce", {"Type": "SoftBounce"}, DeliveryState.FAILED, None),
        ("Bounce", {"Type": "Transient"}, DeliveryState.SENT, None),
        ("SpamComplaint", {"Type": "SpamComplaint"}, DeliveryState.DELIVERED, "complained"),
        ("Open", {}, DeliveryState.SENT, None),
    ],
)
@pytest.mark.parametrize("by", ["our uid", "the provider's number"])
def test_a_mail_event_is_mapped_to_state_and_suppression(
    client: Client,
    clinic: Organisation,
    record: str,
    fields: dict[str, object],
    state: str,
    reason: str | None,
    by: str,
) -> None:
    row = begun(clinic, Channel.EMAIL, "Paula@patients.example")
    Delivery.objects.update(
        state=DeliveryState.SENT, next_attempt_at=None, provider_message_id=postmark.MESSAGE_ID
    )
    uid = row.uid if by == "our uid" else ""

    assert post_event(client, postmark.event(record, delivery_uid=uid, **fields)) == 200

    row.refresh_from_db()
    assert row.state == state
    suppressed = Suppression.objects.values_list("address", "reason").first()
    assert suppressed == (("paula@patients.example", reason) if reason else None)


@pytest.mark.parametrize("authorization", ["", "Basic", "Basic !!!", "Basic cG9zdG1hcms6d3Jvbmc="])
def test_an_unauthenticated_mail_event_is_refused(client: Client, authorization: str) -> None:
    assert post_event(client, postmark.event("Delivery"), authorization) == 403


def test_without_a_secret_no_mail_event_is_believed(client: Client, settings: Settings) -> None:
    settings.ANYMAIL = {"WEBHOOK_SECRET": ""}

    assert post_event(client, postmark.event("Delivery")) == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"[" * 100_000,
        {"RecordType": ["Bounce"], "Type": {}},
        {"RecordType": "Bounce", "Type": []},
        {"RecordType": "Delivery", "DeliveredAt": 7},
        {"RecordType": "Inbound"},
        {"RecordType": "Delivery", "Metadata": "text"},
        {"RecordType": "Delivery", "Metadata": {"delivery_uid": "a\x00b"}},
        {"RecordType": "Delivery", "MessageID": {"a": 1}},
        {"RecordType": "Delivery", "MessageID": "\ud800"},
        {"RecordType": "Bounce", "Type": "HardBounce", "MessageID": "x" * 10_000},
    ],
)
def test_garbage_is_answered_and_never_a_500(client: Client, body: object) -> None:
    assert post_event(client, body) in (200, 400)
