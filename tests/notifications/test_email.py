"""E-mail: over SMTP and Postmark, at least once under one Message-ID; bounces close the address."""

import json
from datetime import timedelta

import pytest
from pytest_django import Settings

from notifications.models import Channel, Delivery, DeliveryState, Suppression
from organisations.models import Organisation
from tests.doubles import postmark
from tests.doubles.http import Receiver, answer
from tests.doubles.smtp import Mailbox, smtp_server
from tests.factories import NOW

from .world import make_message, publish_message, run

pytestmark = pytest.mark.django_db
ADDRESS = "paula@patients.example"


@pytest.fixture
def mail(clinic: Organisation) -> Delivery:
    return publish_message(make_message(clinic, Channel.EMAIL, ADDRESS))


def use_smtp(settings: Settings, mailbox: Mailbox) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mailbox.port


def use_postmark(settings: Settings, receiver: Receiver) -> None:
    settings.EMAIL_BACKEND = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{receiver.port}/",
        "REQUESTS_TIMEOUT": (1, 1),
    }


def test_a_mail_has_both_parts_and_a_message_id_of_its_delivery(
    mail: Delivery, settings: Settings
) -> None:
    with smtp_server() as mailbox:
        use_smtp(settings, mailbox)
        run()

    [message] = mailbox.messages
    assert message["Message-ID"] == f"<{mail.uid}@rxscale.example>"
    assert message["To"] == ADDRESS
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]
    mail.refresh_from_db()
    assert mail.state == DeliveryState.SENT


def test_a_relay_that_is_away_gets_the_same_mail_later(mail: Delivery, settings: Settings) -> None:
    with smtp_server() as mailbox:
        use_smtp(settings, mailbox)
        settings.EMAIL_PORT = 1
        run()
        mail.refresh_from_db()
        assert mail.state == DeliveryState.PENDING
        settings.EMAIL_PORT = mailbox.port
        run(after=timedelta(minutes=2))

    [message] = mailbox.messages
    assert message["Message-ID"] == f"<{mail.uid}@rxscale.example>"


@pytest.mark.parametrize(
    ("refusal", "state", "is_suppressed"),
    [
        ("550 5.1.1 no such user", DeliveryState.BOUNCED, True),
        ("550 5.7.1 blocked by policy", DeliveryState.FAILED, False),
        ("450 4.2.1 try later", DeliveryState.PENDING, False),
    ],
)
def test_a_refused_recipient_bounces_fails_or_waits(
    mail: Delivery, settings: Settings, refusal: str, state: str, is_suppressed: bool
) -> None:
    with smtp_server() as mailbox:
        mailbox.refusals[ADDRESS] = refusal
        use_smtp(settings, mailbox)
        run()

    mail.refresh_from_db()
    assert mail.state == state
    assert Suppression.objects.filter(address=ADDRESS).exists() is is_suppressed


def test_postmark_keeps_our_message_id_and_its_number_is_stored(
    mail: Delivery, settings: Settings
) -> None:
    with Receiver([postmark.accepted(ADDRESS)]) as receiver:
        use_postmark(settings, receiver)
        run()

    sent = json.loads(receiver.requests[0].body)
    headers = {header["Name"]: header["Value"] for header in sent["Headers"]}
    assert headers["Message-ID"] == f"<{mail.uid}@rxscale.example>"
    assert headers["X-PM-KeepID"] == "true"
    assert sent["Metadata"] == {"delivery_uid": mail.uid}
    mail.refresh_from_db()
    assert (mail.state, mail.provider_message_id) == (DeliveryState.SENT, postmark.MESSAGE_ID)


def test_an_address_postmark_holds_inactive_bounces_for_good(
    mail: Delivery, settings: Settings, clinic: Organisation
) -> None:
    with Receiver([postmark.inactive(ADDRESS)]) as receiver:
        use_postmark(settings, receiver)
        run()
        again = publish_message(make_message(clinic, Channel.EMAIL, ADDRESS))
        run()

    mail.refresh_from_db()
    again.refresh_from_db()
    assert mail.state == DeliveryState.BOUNCED
    assert (again.state, again.reason) == (DeliveryState.SKIPPED, "bounced")
    assert len(receiver.requests) == 1


def test_trouble_at_postmark_is_tried_again_without_keeping_the_mail_in_the_log(
    mail: Delivery, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    with Receiver([answer(500, ADDRESS.encode()), postmark.accepted(ADDRESS)]) as receiver:
        use_postmark(settings, receiver)
        run()
        mail.refresh_from_db()
        assert (mail.state, mail.attempts.get().status_code) == (DeliveryState.PENDING, 500)
        run(after=timedelta(minutes=1))

    mail.refresh_from_db()
    assert mail.state == DeliveryState.SENT
    assert ADDRESS not in caplog.text
    assert not any(ADDRESS in attempt.error for attempt in mail.attempts.all())
    assert mail.created_at >= NOW
