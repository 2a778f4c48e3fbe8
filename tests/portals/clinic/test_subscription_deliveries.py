"""Tests and deliveries of a subscription at a browser, sent by the real engine to a real local receiver."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from common.clock import utc_now
from notifications import delivery as engine
from notifications import outbox
from notifications.models import Delivery, DeliveryState, NotificationSubscription
from organisations.models import AuditEntry, Organisation
from portals.accounts.sessions import POLLING_HEADER
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.keyset import SIZE
from tests.doubles.http import Receiver, answer
from tests.notifications.world import make_event, subscribe

pytestmark = pytest.mark.django_db
FRAME = ACCESS_QUERIES + LAYOUT_QUERIES
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True


@pytest.fixture
def subscription(clinic: Organisation) -> NotificationSubscription:
    return subscribe(clinic, "https://partner.example/hook")[0]


def url(name: str, subscription: NotificationSubscription, *rest: str) -> str:
    return reverse(f"clinic:subscription{name}", args=[subscription.uid, *rest])


def text_of(client: Client, address: str, **headers: str) -> str:
    response = client.get(address, headers={k.replace("_", "-"): v for k, v in headers.items()})
    assert response.status_code == 200
    return response.content.decode()


def publish(organisation: Organisation, *subjects: str) -> None:
    outbox.publish(
        now=utc_now(), events=[make_event(organisation, subject) for subject in subjects]
    )


def deliver() -> None:
    engine.deliver_due(utc_now() + timedelta(seconds=1))


def opened(organisation: Organisation) -> int:
    return AuditEntry.objects.of(organisation).filter(action="delivery.opened").count()


def test_a_test_is_watched_until_the_receiver_has_answered(
    admin: Client, clinic: Organisation
) -> None:
    with Receiver([answer(204)]) as receiver:
        subscription, _ = subscribe(clinic, receiver.url, headers={"X-Gateway": "gateway-value"})
        sent = admin.post(url("-test", subscription))
        made = Delivery.objects.get()
        assert sent.headers["Location"] == f"{url('', subscription)}?test={made.uid}#test"

        waiting = text_of(admin, sent.headers["Location"])
        assert "On its way" in waiting
        assert 'hx-trigger="every 2s"' in waiting
        assert f'"{POLLING_HEADER}": "1"' in waiting
        deliver()
        polled = text_of(
            admin, url("-outcome", subscription, made.uid), HX_Request="true", X_Polling="1"
        )

    assert "The target answered 204" in polled
    assert "hx-trigger" not in polled
    assert "<html" not in polled
    [request] = receiver.requests
    assert b'"test":true' in request.body
    assert request.headers["x-gateway"] == "gateway-value"


def test_a_failed_attempt_says_what_came_back_and_when_it_is_tried_again(
    admin: Client, clinic: Organisation
) -> None:
    with Receiver([answer(500, b"out of order")]) as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        admin.post(url("-test", subscription))
        deliver()
    made = Delivery.objects.get()

    page = text_of(admin, url("-delivery", subscription, made.uid))

    assert "Attempt 1 failed: the target answered 500" in page
    assert "out of order" in page
    assert "Next try" in page


def test_one_delivery_shows_request_and_answer_and_the_look_is_audited(
    admin: Client, clinic: Organisation
) -> None:
    with Receiver([answer(200, b"<b>thanks</b>")]) as receiver:
        subscription, _ = subscribe(
            clinic, receiver.url, headers={"X-Gateway": "gateway-value"}, include_contact=True
        )
        publish(clinic, "mtg-1")
        deliver()
    made = Delivery.objects.get()

    page = text_of(admin, url("-delivery", subscription, made.uid))

    [request] = receiver.requests
    assert request.headers["x-webhook-signature"] in page
    assert request.headers["webhook-id"] in page
    assert "<dt>X-Gateway</dt><dd>••••••••</dd>" in page
    assert "gateway-value" not in page
    assert "Paula Patient" in page
    assert "&lt;b&gt;thanks&lt;/b&gt;" in page
    [entry] = AuditEntry.objects.of(clinic).filter(action="delivery.opened")
    assert (entry.object_uid, entry.details) == (made.uid, {"appointment": "mtg-1"})


def test_the_log_names_no_patient_and_asking_for_the_outcome_neither(
    admin: Client, clinic: Organisation
) -> None:
    subscription, _ = subscribe(clinic, "https://partner.example/hook", include_contact=True)
    publish(clinic, "mtg-1")
    made = Delivery.objects.get()
    assert "Paula Patient" in made.body

    log = text_of(admin, url("", subscription))
    outcome = text_of(admin, url("-outcome", subscription, made.uid))

    assert "mtg-1" in log
    assert "Paula" not in log + outcome
    assert opened(clinic) == 0


def test_a_watched_delivery_page_is_told_to_load_again_when_it_has_settled(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    publish(clinic, "mtg-1")
    made = Delivery.objects.get()
    outcome = url("-outcome", subscription, made.uid) + "?reloads=1"
    assert "HX-Refresh" not in admin.get(outcome, headers=HTMX).headers

    Delivery.objects.update(state=DeliveryState.DELIVERED, next_attempt_at=None)

    assert admin.get(outcome, headers=HTMX).headers["HX-Refresh"] == "true"


def test_what_is_tried_again_much_later_is_not_watched(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    publish(clinic, "mtg-1")
    Delivery.objects.update(next_attempt_at=utc_now() + timedelta(hours=1), attempt_count=6)
    made = Delivery.objects.get()

    assert "hx-trigger" not in text_of(admin, url("-outcome", subscription, made.uid))


def test_resending_sends_the_same_bytes_and_id_once_more(
    admin: Client, clinic: Organisation
) -> None:
    with Receiver() as receiver:
        subscription, _ = subscribe(clinic, receiver.url)
        publish(clinic, "mtg-1")
        deliver()
        first = Delivery.objects.get()
        sent = admin.post(url("-resend", subscription, first.uid))
        deliver()

    again = Delivery.objects.exclude(pk=first.pk).get()
    assert sent.headers["Location"] == url("-delivery", subscription, again.uid)
    one, two = receiver.requests
    assert one.body == two.body
    assert one.headers["webhook-id"] == two.headers["webhook-id"]
    assert again.state == DeliveryState.DELIVERED


def test_resending_to_a_disabled_one_is_refused_in_words(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    publish(clinic, "mtg-1")
    made = Delivery.objects.get()
    admin.post(url("-disable", subscription))

    answered = admin.post(url("-resend", subscription, made.uid), follow=True)

    assert "enable it first" in answered.content.decode()
    assert Delivery.objects.count() == 1


def test_a_test_reaches_a_disabled_one(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    admin.post(url("-disable", subscription))

    admin.post(url("-test", subscription))

    assert Delivery.objects.get().state == DeliveryState.PENDING


def test_the_log_pages_by_key_newest_first_and_can_leave_out_what_arrived(
    admin: Client, clinic: Organisation, subscription: NotificationSubscription
) -> None:
    publish(clinic, *(f"mtg-{number}" for number in range(SIZE + 2)))
    arrived = Delivery.objects.get(about_uid="mtg-0")
    Delivery.objects.filter(pk=arrived.pk).update(
        state=DeliveryState.DELIVERED, next_attempt_at=None
    )

    first = text_of(admin, url("", subscription))
    [older] = re.findall(r'rel="next" href="([^"]+)"', first)
    second = text_of(admin, url("", subscription) + older)
    narrowed = text_of(admin, url("", subscription) + "?show=undelivered")
    [more] = re.findall(r'rel="next" href="([^"]+)"', narrowed)
    rest = text_of(admin, url("", subscription) + more.replace("&amp;", "&"))

    def uids(*pages: str) -> list[str]:
        return re.findall(r"<code>(mtg-\d+)</code>", "".join(pages))

    assert len(uids(first)) == SIZE
    assert len(uids(first, second)) == len(set(uids(first, second))) == SIZE + 2
    assert set(uids(first, second)) - set(uids(narrowed, rest)) == {"mtg-0"}


def test_the_pages_cost_the_same_for_one_and_three_deliveries(
    admin: Client,
    clinic: Organisation,
    subscription: NotificationSubscription,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    publish(clinic, "mtg-1")
    made = Delivery.objects.get()
    with django_assert_num_queries(FRAME + 2):
        admin.get(url("", subscription))
    publish(clinic, "mtg-2", "mtg-3")
    with django_assert_num_queries(FRAME + 2):
        admin.get(url("", subscription))
    with django_assert_num_queries(FRAME + 4):
        admin.get(url("-delivery", subscription, made.uid))
    admin.post(url("-test", subscription))
    test = Delivery.objects.get(is_test=True)
    with django_assert_num_queries(FRAME + 3):
        admin.get(url("", subscription) + f"?test={test.uid}")
    with django_assert_num_queries(ACCESS_QUERIES + 2):
        admin.get(url("-outcome", subscription, test.uid), headers=HTMX)


def test_a_disabled_page_costs_one_query_more(
    admin: Client,
    subscription: NotificationSubscription,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    admin.post(url("-disable", subscription))
    admin.get(url("", subscription))  # shows the toast
    with django_assert_num_queries(FRAME + 3):
        admin.get(url("", subscription))


@pytest.mark.parametrize("test", ["nonsense", "%00", "dlv-2222222222222222222222"])
def test_a_test_that_is_none_shows_the_page_without(
    admin: Client, subscription: NotificationSubscription, test: str
) -> None:
    assert 'id="test"' not in text_of(admin, url("", subscription) + f"?test={test}")


def test_deliveries_belong_to_their_own_subscription_and_organisation(
    admin: Client,
    stranger: Client,
    operations: Client,
    clinic: Organisation,
    subscription: NotificationSubscription,
) -> None:
    other, _ = subscribe(clinic, "https://other.example/hook")
    publish(clinic, "mtg-1")
    made = Delivery.objects.get(subscription=subscription)
    names = ["-delivery", "-outcome", "-resend"]

    for name in names:
        right, wrong = url(name, subscription, made.uid), url(name, other, made.uid)
        absent = right.replace(made.uid, "dlv-2222222222222222222222")
        send = "post" if name == "-resend" else "get"
        foreign, gone = getattr(stranger, send)(right), getattr(stranger, send)(absent)
        assert foreign.status_code == 404
        assert foreign.content == gone.content
        assert getattr(admin, send)(wrong).status_code == 404
        assert getattr(operations, send)(right).status_code == 403
    assert opened(clinic) == 0
