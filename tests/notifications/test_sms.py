"""SMS: at most once, whatever happens to the answer."""

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from notifications import leases
from notifications.models import Channel, Delivery, DeliveryState, Suppression
from organisations.models import Organisation
from tests.doubles import twilio
from tests.doubles.http import Receiver, answer, hang, reset
from tests.factories import NOW

from .world import make_message, publish_message, run

pytestmark = pytest.mark.django_db
NUMBER = "+4915112345678"


@pytest.fixture
def sms(clinic: Organisation) -> Delivery:
    return publish_message(make_message(clinic, Channel.SMS, NUMBER))


def use_twilio(settings: Settings, receiver: Receiver | None) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC" + "0" * 32, "token"
    settings.TWILIO_FROM = "+15005550006"
    port = receiver.port if receiver else 1
    settings.TWILIO_API_BASE = f"http://127.0.0.1:{port}"
    settings.BASE_URL = "https://scheduling.example"


def test_twilio_is_called_with_number_text_and_callback(sms: Delivery, settings: Settings) -> None:
    with Receiver([twilio.accepted()]) as receiver:
        use_twilio(settings, receiver)
        run()

    [request] = receiver.requests
    assert request.path == f"/2010-04-01/Accounts/AC{'0' * 32}/Messages.json"
    expected = base64.b64encode(f"AC{'0' * 32}:token".encode()).decode()
    assert request.headers["authorization"] == f"Basic {expected}"
    assert twilio.form(request) == {
        "To": NUMBER,
        "From": "+15005550006",
        "Body": "Your visit is tomorrow.",
        "StatusCallback": f"https://scheduling.example/hooks/twilio/{sms.uid}",
    }
    sms.refresh_from_db()
    assert (sms.state, sms.provider_message_id) == (DeliveryState.SENT, twilio.SID)


@pytest.mark.parametrize(
    "behaviour",
    [hang(2), reset, answer(500, b"oops"), answer(201, b"{not json")],
    ids=["timeout", "reset", "500", "garbage"],
)
def test_without_a_clear_answer_it_is_unknown_and_never_sent_again(
    sms: Delivery, settings: Settings, monkeypatch: pytest.MonkeyPatch, behaviour: object
) -> None:
    monkeypatch.setattr("notifications.channels.sms.DEADLINE_SECONDS", 0.5)
    with Receiver([behaviour], then=twilio.accepted()) as receiver:  # type: ignore[list-item]  # parametrised
        use_twilio(settings, receiver)
        run()
        run(after=timedelta(days=1))

    sms.refresh_from_db()
    assert sms.state == DeliveryState.UNKNOWN
    assert len(receiver.requests) == 1


def test_a_worker_that_died_after_the_call_began_leaves_it_unknown(
    sms: Delivery, settings: Settings
) -> None:
    with Receiver(then=twilio.accepted()) as receiver:
        use_twilio(settings, receiver)
        [claimed] = leases.claim(NOW, limit=1)
        assert leases.begin(claimed, NOW, timedelta(seconds=30))
        run(after=timedelta(minutes=1))

    sms.refresh_from_db()
    assert sms.state == DeliveryState.UNKNOWN
    assert receiver.requests == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_for_now_is_tried_again(sms: Delivery, settings: Settings, status: int) -> None:
    with Receiver([twilio.refused(status, 20429), twilio.accepted()]) as receiver:
        use_twilio(settings, receiver)
        run()
        run(after=timedelta(minutes=1))

    sms.refresh_from_db()
    assert sms.state == DeliveryState.SENT
    assert len(receiver.requests) == 2


def test_when_nothing_could_be_sent_it_is_tried_again(sms: Delivery, settings: Settings) -> None:
    use_twilio(settings, None)
    run()
    sms.refresh_from_db()
    assert (sms.state, sms.call_began_at) == (DeliveryState.PENDING, None)

    with Receiver([twilio.accepted()]) as receiver:
        use_twilio(settings, receiver)
        run(after=timedelta(minutes=1))

    sms.refresh_from_db()
    assert sms.state == DeliveryState.SENT


def test_who_answered_stop_is_never_written_to_again(
    sms: Delivery, settings: Settings, clinic: Organisation
) -> None:
    with Receiver([twilio.refused(400, 21610)]) as receiver:
        use_twilio(settings, receiver)
        run()
        again = publish_message(make_message(clinic, Channel.SMS, NUMBER))
        run()

    sms.refresh_from_db()
    again.refresh_from_db()
    assert (sms.state, sms.reason) == (DeliveryState.SKIPPED, "opted out")
    assert (again.state, again.reason) == (DeliveryState.SKIPPED, "opted out")
    assert Suppression.objects.get().reason == "opted_out"
    assert len(receiver.requests) == 1


def test_a_number_twilio_cannot_reach_fails(sms: Delivery, settings: Settings) -> None:
    with Receiver([twilio.refused(400, 21211)]) as receiver:
        use_twilio(settings, receiver)
        run()

    sms.refresh_from_db()
    assert (sms.state, sms.reason) == (DeliveryState.FAILED, "Twilio 21211")


def test_without_credentials_the_text_goes_to_a_file_and_no_number_to_the_log(
    sms: Delivery, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.DATA_DIR = "", tmp_path
    caplog.set_level("INFO")
    run()

    [file] = (tmp_path / "private" / "sms").iterdir()
    assert "Your visit is tomorrow." in file.read_text()
    assert NUMBER in file.read_text()
    assert NUMBER not in caplog.text
    sms.refresh_from_db()
    assert sms.state == DeliveryState.SENT
