"""The health of endpoints: who is told, once, and when one is disabled."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMultiAlternatives

from notifications import endpoints, outbox, subscriptions
from notifications.models import (
    Channel,
    Delivery,
    DeliveryState,
    NotificationSubscription,
)
from organisations.models import AuditEntry, Organisation, Role
from tests.doubles.http import Receiver, answer
from tests.factories import ADMIN, NOW, make_member, make_user

from .world import make_event, publish_event, run, subscribe

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def admins(clinic: Organisation) -> None:
    make_member(organisation=clinic, user=make_user(email="ada@clinic.example"))
    make_member(organisation=clinic, user=make_user(email="left@clinic.example", is_active=False))
    make_member(
        organisation=clinic, user=make_user(email="op@clinic.example"), role=Role.OPERATIONS
    )


def recipients(mails: list[EmailMultiAlternatives], words: str) -> list[str]:
    return sorted(to for mail in mails if words in mail.subject for to in mail.to)


@pytest.mark.usefixtures("admins")
def test_after_an_hour_admins_and_contact_are_told_once_and_again_when_it_works(
    clinic: Organisation, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    with Receiver(then=answer(500)) as receiver:
        subscription, _ = subscribe(clinic, receiver.url, contact_email="it@partner.example")
        publish_event(clinic)
        run()
        run(after=HOUR - timedelta(seconds=30))
        assert recipients(mailoutbox, "failing") == []
        run(after=HOUR + timedelta(minutes=1))
        run(after=2 * HOUR)
        receiver.then = answer(200)
        run(after=8 * HOUR)
        run(after=9 * HOUR)

    both = ["ada@clinic.example", "it@partner.example"]
    assert recipients(mailoutbox, "failing") == both
    assert recipients(mailoutbox, "works again") == both
    subscription.refresh_from_db()
    assert (subscription.failing_since, subscription.failure_told_at) == (None, None)
    failing = next(mail for mail in mailoutbox if "failing" in mail.subject)
    assert "Europe/Berlin" in str(failing.body)
    assert failing.alternatives


def test_a_short_failure_is_told_to_nobody(
    clinic: Organisation, mailoutbox: list[EmailMultiAlternatives], admins: None
) -> None:
    with Receiver([answer(500)]) as receiver:
        subscribe(clinic, receiver.url)
        publish_event(clinic)
        run()
        assert NotificationSubscription.objects.get().failing_since
        run(after=timedelta(minutes=1))
        run(after=2 * HOUR)

    assert NotificationSubscription.objects.get().failing_since is None
    assert mailoutbox == []


@pytest.mark.usefixtures("admins")
def test_410_disables_at_once_and_events_go_on_being_recorded(
    clinic: Organisation, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    with Receiver([answer(410)]) as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        first = publish_event(clinic)
        run()
        outbox.publish(now=NOW + HOUR, events=[make_event(clinic, "mtg-2")])
        run(after=2 * HOUR)

        assert len(receiver.requests) == 1
        first.refresh_from_db()
        assert (first.state, first.reason) == (DeliveryState.FAILED, "gone (410)")
        subscription.refresh_from_db()
        assert subscription.disabled_at
        assert recipients(mailoutbox, "disabled") == ["ada@clinic.example"]
        assert subscriptions.missed_count(subscription) == 2

        sent = subscriptions.enable(subscription, send_missed=True, actor=ADMIN, now=NOW + DAY)
        run(after=DAY)

    assert sent == 2
    assert {r.body.split(b'"uid":"')[1][:5] for r in receiver.requests[1:]} == {b"mtg-1", b"mtg-2"}
    assert receiver.requests[0].headers["webhook-id"] in {
        request.headers["webhook-id"] for request in receiver.requests[1:]
    }
    assert subscriptions.missed_count(subscription) == 0


@pytest.mark.usefixtures("admins")
def test_five_days_of_failing_disable(
    clinic: Organisation, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    with Receiver(then=answer(500)) as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        for hours in range(0, 120, 12):
            publish_event(clinic, f"mtg-{hours}")
            run(after=timedelta(hours=hours))
        subscription.refresh_from_db()
        assert subscription.disabled_at is None
        endpoints.watch(NOW + timedelta(days=5, minutes=1))
        endpoints.watch(NOW + timedelta(days=5, minutes=2))
        run(after=timedelta(days=5, minutes=3))

    subscription.refresh_from_db()
    assert subscription.disabled_reason == "The endpoint has failed for five days."
    assert recipients(mailoutbox, "disabled") == ["ada@clinic.example"]
    waiting = Delivery.objects.filter(channel=Channel.WEBHOOK, state=DeliveryState.PENDING)
    assert not waiting.exists()
    assert subscriptions.missed_count(subscription) == 10
    assert AuditEntry.objects.filter(action="notification_subscription.disabled").count() == 1


def test_enabling_without_the_missed_sends_only_what_comes(clinic: Organisation) -> None:
    with Receiver() as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        waiting = publish_event(clinic, "mtg-1")
        subscriptions.disable(subscription, actor=ADMIN, now=NOW)
        waiting.refresh_from_db()
        assert waiting.state == DeliveryState.SKIPPED
        assert subscriptions.missed_count(subscription) == 1
        subscriptions.enable(subscription, send_missed=False, actor=ADMIN, now=NOW + HOUR)
        publish_event(clinic, "mtg-2")
        run(after=HOUR)

    assert [b"mtg-2" in request.body for request in receiver.requests] == [True]


def test_a_failing_test_event_says_nothing_about_the_endpoint(clinic: Organisation) -> None:
    with Receiver(then=answer(500)) as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        subscriptions.send_test(subscription, actor=ADMIN, now=NOW)
        run()

    assert NotificationSubscription.objects.get().failing_since is None


def test_a_disabled_endpoint_can_be_tested_and_tests_are_not_missed_events(
    clinic: Organisation,
) -> None:
    with Receiver() as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        subscriptions.disable(subscription, actor=ADMIN, now=NOW)
        subscriptions.send_test(subscription, actor=ADMIN, now=NOW)
        run()
        other, _ = subscribe(clinic, receiver.url + "2")
        subscriptions.send_test(other, actor=ADMIN, now=NOW)

    assert len(receiver.requests) == 1
    subscription.refresh_from_db()
    assert subscriptions.missed_count(subscription) == 0
