"""Every component in real Chromium: nothing for axe to find, nothing wider than the window, and the scripts at work."""

from typing import Literal

import pytest
from django.test import Client

from tests import factories

from .conftest import SCHEMES, WIDTHS, OpenPage, overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.urls("tests.portals.clinic.gallery_urls")]
GALLERY = "/test/gallery/"


@pytest.fixture
def admin(transactional_db: None) -> Client:
    client = Client()
    organisation = factories.make_organisation()
    client.force_login(factories.make_member(organisation=organisation).user)
    return client


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", WIDTHS)
def test_axe_finds_nothing_and_nothing_overflows(
    admin: Client, open_page: OpenPage, width: int, scheme: Literal["light", "dark"]
) -> None:
    page = open_page(admin, GALLERY, width=width, scheme=scheme)

    assert violations(page) == []
    assert overflow(page) == 0


def test_a_dialog_opens_from_its_link_and_closes_with_escape(
    admin: Client, open_page: OpenPage
) -> None:
    page = open_page(admin, GALLERY)

    page.get_by_role("link", name="Cancel …").click()
    assert page.get_by_role("dialog", name="Cancel this visit?").is_visible()
    assert violations(page) == []

    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0


def test_without_javascript_the_same_link_leads_on(admin: Client, open_page: OpenPage) -> None:
    page = open_page(admin, GALLERY, javascript=False)

    page.get_by_role("link", name="Cancel …").click()

    assert page.url.endswith("?cancel")


def test_toasts_can_be_closed_and_a_good_one_leaves_by_itself(
    admin: Client, open_page: OpenPage
) -> None:
    page = open_page(admin, GALLERY)

    warning = page.get_by_text("The doctor was not told")
    warning.locator("..").get_by_role("button", name="Close").click()

    assert warning.count() == 0
    assert page.get_by_text("Window removed.").is_visible()
