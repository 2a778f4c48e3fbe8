"""Secrets, reminders, subscriptions and the second factor: what is set up in the browser works outside of it."""

import json
import re
from datetime import datetime, timedelta

import httpx
import pytest
from playwright.sync_api import expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from booking_secrets.models import BookingSecret
from common.clock import to_epoch, utc_now
from notifications import delivery as engine
from notifications.models import Delivery, EventType, NotificationSubscription
from organisations.models import Role
from reminders.models import ReminderRule
from rxscale import maintenance
from tests.booking_secrets.minting import documented_token
from tests.doubles.http import Receiver, answer
from tests.factories import make_member, make_organisation, make_user
from tests.notifications.world import subscribe
from tests.portals.accounts.people import PASSWORD, code_of, give_second_factor

from .conftest import WIDTHS, OpenPage
from .journeys import sit_down

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("width", WIDTHS),
]


@pytest.fixture(autouse=True)
def _loopback_is_allowed(settings: Settings) -> None:
    settings.ALLOW_LOOPBACK_WEBHOOKS = True


def deliver(subscription: NotificationSubscription, now: datetime) -> None:
    """What a worker would do that is woken now."""
    waiting = Delivery.objects.filter(subscription=subscription).values_list("id", flat=True)
    engine.deliver(list(waiting), now + timedelta(seconds=1))


def test_a_secret_is_made_revealed_and_revoked(
    open_page: OpenPage, live_server: LiveServer, width: int
) -> None:
    desk = sit_down(open_page, "/admin/settings/booking-secrets/", width=width)
    page = desk.page
    desk.follow("Create a secret")
    page.get_by_label("Name").fill("Browser secret")
    desk.press("Create the secret")
    desk.heading("Browser secret")
    secret = BookingSecret.objects.get(name="Browser secret")
    text = page.locator("[data-copy]").nth(1).get_attribute("data-copy") or ""
    shop = desk.things.clinic.shop

    def call() -> httpx.Response:
        token = documented_token(secret.key_id, text, shop.identifier, now=to_epoch(utc_now()))
        return httpx.get(
            f"{live_server.url}/v1/scheduling/appointments",
            headers={"X-RxScale-Booking-Token": token},
        )

    assert (call().status_code, len(text) > 30) == (200, True)

    page.goto(f"/admin/settings/booking-secrets/{secret.key_id}/")
    assert text not in page.content()
    desk.press("Reveal the secret")
    expect(page.locator(f"[data-copy='{text}']")).to_be_visible()

    page.goto(f"/admin/settings/booking-secrets/{secret.key_id}/")
    desk.follow("Revoke …")
    desk.dialog.get_by_role("button", name="Revoke the secret").click()
    desk.says("Revoked.")
    refused = call()
    assert (refused.status_code, refused.json()["code"]) == (401, "invalid_header")


def test_a_reminder_is_added_and_its_event_reaches_the_receiver(
    open_page: OpenPage, width: int
) -> None:
    desk = sit_down(open_page, "/admin/appointments/", width=width)
    page, things = desk.page, desk.things
    with Receiver(then=answer(204)) as receiver:
        subscription, _ = subscribe(
            things.clinic.organisation, receiver.url, notification_type=EventType.REMINDER_DUE
        )
        page.goto(f"/admin/types/{things.clinic.kind.uid}/")
        page.get_by_role("link", name="Add a reminder for: Patient").click()
        form = page.locator("#add-patient form")
        form.get_by_label("Time before the start").fill("3")
        expect(form.get_by_text("What saving does")).to_be_visible()
        page.wait_for_timeout(800)  # until the effect of 3 hours is shown, else saving asks first
        form.get_by_role("button", name="Add reminder").click()
        expect(page.get_by_text("3 hours before").first).to_be_visible()
        rule = ReminderRule.objects.get(minutes_before=180)

        due = things.booked.starts_at - timedelta(minutes=179)
        maintenance.run(due)
        deliver(subscription, due)

    bodies = [json.loads(request.body) for request in receiver.requests]
    [body] = [body for body in bodies if body["data"].get("reminder_uid") == rule.uid]
    assert body["event_type"] == "appointment_reminder_due"
    assert body["data"]["appointment"]["uid"] == things.booked.uid


def test_subscribe_test_and_resend(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/settings/notification-subscriptions/", width=width)
    page = desk.page
    with Receiver(then=answer(204)) as receiver:
        desk.follow("Subscribe")
        page.get_by_label("PATIENT_DOCTOR_MEETING_UPDATED").check()
        page.get_by_label("Target").fill(receiver.url)
        desk.press("Subscribe")
        desk.says("Subscribed")
        made = NotificationSubscription.objects.get(target=receiver.url)

        page.goto(f"/admin/settings/notification-subscriptions/{made.uid}/")
        desk.press("Send a test")
        deliver(made, utc_now())
        desk.says("The target answered 204")

        sent = Delivery.objects.get(subscription=made)
        page.goto(f"/admin/settings/notification-subscriptions/{made.uid}/deliveries/{sent.uid}/")
        page.get_by_role("button", name=re.compile("^(Resend|Send again)")).first.click()
        desk.says("It is being sent again.")
        deliver(made, utc_now())

    first, second = receiver.requests
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert b'"test":true' in first.body


def test_sign_in_with_a_second_factor(open_page: OpenPage, width: int) -> None:
    user = make_user(email="ada@northside.example", name="Ada Winter")
    make_member(organisation=make_organisation(), role=Role.ADMIN, user=user)
    secret = give_second_factor(user)
    page = open_page(None, "/admin/account/", width=width)
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="One more step")).to_be_visible()
    for code in ("000000", code_of(secret)):
        page.locator("input[name=code]").fill(code)
        page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="My account")).to_be_visible()
