"""The demo's three doors in real Chromium, and what moves on its pages by itself."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from booking_secrets import secrets
from common.clock import utc_now
from notifications import delivery
from rxscale.demo import on_call, shop_keys
from tests.demo.small_clinic import open_doors, small_clinic
from tests.factories import ADMIN

from .conftest import OpenPage
from .test_every_page import look

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(300),
]

# The patient is one of many, by chance, and speaks English or German.
CONFIRMED = re.compile("Your appointment is confirmed|Ihr Termin ist bestätigt")


@pytest.fixture
def demo(
    settings: Settings, tmp_path: Path, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_doors(settings, tmp_path)
    settings.BASE_URL = live_server.url
    monkeypatch.setenv("PORT", str(live_server.thread.port))
    clinic, now = small_clinic(), utc_now()
    secret, text = secrets.create(clinic.organisation, name="Shop", actor=ADMIN, now=now)
    shop_keys.hand_over(clinic, {"key_id": secret.key_id, "secret": text}, now=now)
    on_call.bring_to_life(clinic, now=now)


def _enter(page: Page, button: str, heading: str) -> None:
    page.goto("/")
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", level=1, name=heading)).to_be_visible()


def test_through_the_three_doors_to_what_arrives_by_itself(demo: None, open_page: OpenPage) -> None:
    page = open_page(None, "/")
    expect(page.get_by_text("A visit is running")).to_be_visible()
    _enter(page, "Enter the admin portal", "Dashboard")
    _enter(page, "Enter the doctor portal", "Today")

    page.goto("/")
    page.get_by_role("link", name="Enter the shop").click()
    page.get_by_label("Greta Sommer").check()
    page.get_by_role("button", name="Book a visit").click()
    page.wait_for_url("**/book/choose**")

    page.goto("/demo/shop/")
    expect(page.get_by_text("Nothing yet.")).to_be_visible()
    delivery.deliver_due(utc_now())  # what the worker would do
    expect(page.get_by_text("Standard Webhooks valid").first).to_be_visible()
    expect(page.get_by_text("X-Webhook-Signature valid").first).to_be_visible()

    page.goto("/demo/outbox/")
    page.locator("a.letter", has_text=CONFIRMED).first.click()
    with page.expect_popup() as opened:
        page.frame_locator("iframe").get_by_role("link").first.click()
    expect(opened.value.get_by_role("heading", level=1)).to_be_visible()

    paths = ["/", "/demo/shop/", "/demo/shop/imprint", "/demo/outbox/", page.url]
    wrong = [found for path in paths for found in look(page, path)]
    assert not wrong, "\n".join(wrong)
