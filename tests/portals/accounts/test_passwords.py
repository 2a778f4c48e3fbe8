"""Resetting and changing a password: by mail, once, and the owner hears of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from common.clock import utc_now
from notifications import kinds
from notifications.models import Delivery
from organisations.models import Organisation, User
from portals.accounts import mails
from tests.factories import make_doctor, make_member, make_organisation, make_user

from .people import PASSWORD, audited, link_in, mail_of, post, sign_in

pytestmark = pytest.mark.django_db
NEW = "quite another password 7"


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def ada(clinic: Organisation) -> User:
    return make_member(organisation=clinic).user


def _ask(client: Client, user: User) -> str:
    """The link in the mail."""
    response = post(client, "account_reset_password", email=user.email)
    assert response["Location"] == reverse("account_reset_password_done")
    return link_in(mail_of(mails.PASSWORD_RESET, utc_now()))


def _set(client: Client, link: str, password: str = NEW) -> int:
    form_url = client.get(link)["Location"]
    response = client.post(form_url, {"password1": password, "password2": password})
    return int(response.status_code)


def test_the_link_sets_a_new_password(client: Client, ada: User, clinic: Organisation) -> None:
    assert _set(client, _ask(client, ada)) == 302

    assert sign_in(client, ada, NEW)["Location"] == "/admin/"
    assert audited(clinic)[0] == ("account.password_changed", "")
    assert mail_of(mails.NOTICE, utc_now()).subject == "Your password was reset"


def test_a_doctor_who_never_had_one_sets_the_first(client: Client, clinic: Organisation) -> None:
    jane = User.objects.create_user("jane@clinic.example", None, name="Jane Hill")
    make_doctor(organisation=clinic, user=jane)

    assert _set(client, _ask(client, jane)) == 302
    assert sign_in(client, jane, NEW).status_code == 302


def test_the_link_works_once(client: Client, ada: User) -> None:
    link = _ask(client, ada)
    _set(client, link)

    page = Client().get(link)

    assert "This link does not work any more" in page.content.decode()


def test_opening_the_link_changes_nothing(client: Client, ada: User) -> None:
    """Mail scanners open every link."""
    link = _ask(client, ada)
    Client().get(link, follow=True)

    assert _set(client, link) == 302


def test_the_key_is_in_no_address_of_the_form(client: Client, ada: User) -> None:
    link = _ask(client, ada)

    form_url = client.get(link)["Location"]

    assert link.rstrip("/").rpartition("-")[2] not in form_url
    assert client.get(form_url)["Referrer-Policy"] == "same-origin"


def test_an_unknown_address_gets_the_same_answer_and_no_mail(client: Client) -> None:
    response = post(client, "account_reset_password", email="nobody@clinic.example")

    assert response["Location"] == reverse("account_reset_password_done")
    assert not Delivery.objects.exists()


def test_a_deactivated_user_gets_no_mail(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    post(client, "account_reset_password", email=ada.email)

    assert not Delivery.objects.exists()


def test_who_is_deactivated_meanwhile_gets_none_either(client: Client, ada: User) -> None:
    _ask(client, ada)
    User.objects.filter(pk=ada.pk).update(is_active=False)

    delivery = Delivery.objects.get()

    assert kinds.find(delivery.kind).still_wanted(delivery, utc_now()) == "the user is deactivated"


def test_a_mail_that_waited_an_hour_does_not_leave(client: Client, ada: User) -> None:
    _ask(client, ada)
    delivery = Delivery.objects.get()
    wanted = kinds.find(delivery.kind).still_wanted

    assert wanted(delivery, delivery.created_at + timedelta(seconds=3599)) == ""
    late = wanted(delivery, delivery.created_at + timedelta(seconds=3600))
    assert late == "it was asked for too long ago"


def test_no_table_holds_the_link(client: Client, ada: User) -> None:
    key = _ask(client, ada).rstrip("/").rpartition("-")[2]

    delivery = Delivery.objects.get()

    assert key not in f"{delivery.context}{delivery.body}{delivery.subject_uid}{delivery.about_uid}"


@pytest.mark.parametrize("password", ["short", "12345678901", "password"])
def test_a_weak_password_is_refused(client: Client, ada: User, password: str) -> None:
    assert _set(client, _ask(client, ada), password) == 200
    assert User.objects.get(pk=ada.pk).check_password(PASSWORD)


def test_a_reset_ends_sessions_and_forgets_failed_tries(client: Client, ada: User) -> None:
    elsewhere = Client()
    sign_in(elsewhere, ada)
    for _ in range(5):
        sign_in(client, ada, "wrong")

    _set(client, _ask(client, ada))

    assert elsewhere.get(reverse("mfa_index")).status_code == 302
    assert sign_in(client, ada, NEW)["Location"] == "/admin/"


def test_changing_it_needs_the_present_one_and_keeps_this_session(
    client: Client, ada: User
) -> None:
    elsewhere = Client()
    sign_in(elsewhere, ada)
    sign_in(client, ada)
    wanted = {"password1": NEW, "password2": NEW}

    refused = post(client, "account_change_password", oldpassword="wrong", **wanted)
    done = post(client, "account_change_password", oldpassword=PASSWORD, **wanted)

    assert refused.status_code == 200
    assert done["Location"] == "/admin/"
    assert client.get(reverse("mfa_index")).status_code == 200
    assert elsewhere.get(reverse("mfa_index")).status_code == 302
    assert mail_of(mails.NOTICE, utc_now()).subject == "Your password was changed"


def test_the_team_without_an_organisation_gets_no_mail(client: Client) -> None:
    sam = make_user(name="Sam Staff")

    post(client, "account_reset_password", email=sam.email)

    assert not Delivery.objects.exists()
