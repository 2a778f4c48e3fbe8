"""Signing in as browsers do it: with their own Origin header, cookies and content policy."""

import pytest
from playwright.sync_api import expect

from organisations.models import Role, User
from tests.factories import make_member, make_organisation, make_user

from .conftest import SCHEMES, OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


@pytest.fixture
def ada() -> User:
    user = make_user(email="ada@northside.example", name="Ada Winter")
    make_member(organisation=make_organisation(), role=Role.ADMIN, user=user)
    return user


@pytest.mark.parametrize("javascript", [True, False])
def test_password_wrong_then_right_then_out(
    ada: User, open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(None, "/admin/account/", width=390, javascript=javascript)
    for password in ("wrong", PASSWORD):
        page.get_by_label("E-mail address").fill(ada.email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="My account")).to_be_visible()

    page.goto("/accounts/logout/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page.goto("/admin/account/")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 390])
def test_the_way_in_fits_every_screen(open_page: OpenPage, width: int, scheme: str) -> None:
    for path in ("/accounts/login/", "/accounts/password/reset/"):
        page = open_page(None, path, width=width, scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
