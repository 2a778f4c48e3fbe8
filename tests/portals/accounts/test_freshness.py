"""Sensitive acts ask for the password again when the login is not fresh."""

from datetime import timedelta

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path, reverse
from pytest_django import Settings

from common.clock import utc_now
from organisations.models import User
from portals.accounts.freshness import fresh_login
from rxscale.urls import urlpatterns as of_the_house
from tests.factories import make_member, make_organisation

from .people import PASSWORD, code_of, give_second_factor, post, sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]

PROOFS = "account_authentication_methods"


@fresh_login
def secret_page(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("the secret")


urlpatterns = [*of_the_house, path("admin/secret/", secret_page)]


@pytest.fixture
def ada() -> User:
    return make_member(organisation=make_organisation()).user


def _proved_ago(client: Client, ago: timedelta) -> None:
    session = client.session
    for record in session[PROOFS]:
        record["at"] = (utc_now() - ago).timestamp()
    session.save()


def test_right_after_signing_in_nothing_is_asked(client: Client, ada: User) -> None:
    sign_in(client, ada)

    assert client.get("/admin/secret/").content == b"the secret"


@pytest.mark.parametrize(("seconds", "is_fresh"), [(295, True), (305, False)])
def test_five_minutes_later_it_is(client: Client, ada: User, seconds: int, is_fresh: bool) -> None:
    sign_in(client, ada)
    _proved_ago(client, timedelta(seconds=seconds))

    assert (client.get("/admin/secret/").status_code == 200) is is_fresh


def test_the_age_is_a_setting(client: Client, ada: User, settings: Settings) -> None:
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    sign_in(client, ada)

    assert client.get("/admin/secret/").status_code == 302


def test_the_password_leads_back(client: Client, ada: User) -> None:
    client.force_login(ada)
    response = client.get("/admin/secret/")
    assert response["Location"] == f"{reverse('account_reauthenticate')}?next=/admin/secret/"
    assert client.get(response["Location"]).status_code == 200

    back = post(client, "account_reauthenticate", password=PASSWORD, next="/admin/secret/")

    assert back["Location"] == "/admin/secret/"
    assert client.get("/admin/secret/").status_code == 200


def test_a_wrong_password_does_not(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert (
        "Incorrect password"
        in post(
            client, "account_reauthenticate", password="wrong", next="/admin/secret/"
        ).content.decode()
    )
    assert client.get("/admin/secret/").status_code == 302


def test_a_code_does_as_well(client: Client, ada: User) -> None:
    secret = give_second_factor(ada)
    client.force_login(ada)

    back = post(client, "mfa_reauthenticate", code=code_of(secret), next="/admin/secret/")

    assert back["Location"] == "/admin/secret/"
    assert client.get("/admin/secret/").status_code == 200


def test_what_was_posted_is_neither_done_nor_kept(client: Client, ada: User) -> None:
    """The person comes back to the page with the button and presses it once more."""
    client.force_login(ada)

    response = client.post(
        "/admin/secret/", {"typed": "zaphod"}, HTTP_REFERER="http://testserver/admin/secrets/"
    )

    assert response["Location"].endswith("?next=/admin/secrets/%23resume")
    assert "zaphod" not in str(dict(client.session.items()))


def test_htmx_gets_a_header(client: Client, ada: User) -> None:
    client.force_login(ada)

    response = client.post(
        "/admin/secret/",
        HTTP_HX_REQUEST="true",
        HTTP_HX_CURRENT_URL="http://testserver/admin/secrets/",
    )

    assert response["HX-Redirect"].startswith("/accounts/confirm/?next=/admin/secrets/")


def test_allauths_own_pages_ask_the_same(client: Client, ada: User) -> None:
    client.force_login(ada)

    response = client.get(reverse("mfa_activate_totp"))

    assert response["Location"].startswith(reverse("account_reauthenticate"))
