"""Joining a team from the link in the mail."""

from datetime import timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from common.clock import utc_now
from notifications import kinds
from notifications.models import Delivery
from organisations import invitations
from organisations.models import Invitation, Membership, Organisation, Role, User
from portals.accounts import mails
from portals.clinic.team import mailing
from tests.factories import ADMIN, make_organisation, make_user

from .people import audited, link_in, mail_of, sign_in

pytestmark = pytest.mark.django_db
PASSWORD = "quite another password 7"


@pytest.fixture
def invited() -> Invitation:
    return mailing.invite(
        make_organisation(),
        email="olga@clinic.example",
        role=Role.OPERATIONS,
        actor=ADMIN,
        now=utc_now(),
    )


@pytest.fixture
def link(invited: Invitation) -> str:
    return link_in(mail_of(mails.INVITATION, utc_now()))


def _post(client: Client, link: str, **fields: str) -> HttpResponse:
    response = client.post(link, fields)
    assert isinstance(response, HttpResponse)
    return response


def test_the_mail_says_who_invites_where_and_until_when(invited: Invitation) -> None:
    mail = mail_of(mails.INVITATION, utc_now())

    assert mail.subject == "Join Northside Clinic on RxScale"
    assert "Ada Admin invites you to work in the admin portal of Northside Clinic." in mail.text
    assert "Europe/Berlin" in mail.text
    assert "Operations" in mail.text


def test_opening_the_link_changes_nothing(client: Client, link: str) -> None:
    page = client.get(link)

    assert "Join Northside Clinic" in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "same-origin"
    assert (User.objects.count(), Membership.objects.count()) == (0, 0)


def test_somebody_new_sets_name_and_password_and_is_in(
    client: Client, link: str, invited: Invitation
) -> None:
    response = _post(client, link, name="Olga O", password=PASSWORD)

    assert response["Location"] == "/admin/"
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)
    assert ("account.signed_in", "") in audited(invited.organisation)


@pytest.mark.parametrize(
    ("name", "password", "said"),
    [("Olga", "short", "too short"), ("", PASSWORD, "required"), ("Olga", "", "required")],
)
def test_what_is_missing_or_weak_is_said_in_the_form(
    client: Client, link: str, name: str, password: str, said: str
) -> None:
    response = _post(client, link, name=name, password=password)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert User.objects.count() == 0


def test_who_has_an_account_accepts_and_signs_in(client: Client, link: str) -> None:
    olga = make_user(email="olga@clinic.example", name="Olga O")
    page = client.get(link).content.decode()
    assert 'name="password"' not in page

    response = _post(client, link, password=PASSWORD)

    assert response["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session
    assert Membership.objects.get().user == olga
    assert sign_in(client, olga)["Location"] == "/admin/"


def test_a_second_use_is_refused(client: Client, link: str) -> None:
    _post(client, link, name="Olga O", password=PASSWORD)

    again = _post(Client(), link, name="Mallory", password=PASSWORD)

    assert again.status_code == 410
    assert "accepted already" in again.content.decode()
    assert User.objects.get().name == "Olga O"


def test_a_garbled_link_says_so(client: Client) -> None:
    response = client.get(reverse("account_invitation", kwargs={"token": "inv-x.y"}))

    assert response.status_code == 410
    assert "not complete" in response.content.decode()


@pytest.mark.parametrize("act", ["withdrawn", "accepted", "sent again"])
def test_a_mail_that_is_overtaken_does_not_leave(invited: Invitation, act: str) -> None:
    delivery = Delivery.objects.get()
    now = utc_now() + timedelta(minutes=1)
    if act == "withdrawn":
        invitations.withdraw(invited, actor=ADMIN, now=now)
    elif act == "accepted":
        invitations.accept(invited, name="O", password=PASSWORD, ip_address=None, now=now)
    else:
        mailing.send_again(invited, actor=ADMIN, now=now)

    assert kinds.find(mails.INVITATION).still_wanted(delivery, now)


def test_the_delivery_does_not_hold_the_link(link: str) -> None:
    mac = link.rstrip("/").rpartition(".")[2]
    delivery = Delivery.objects.get()

    assert mac not in f"{delivery.context}{delivery.body}{delivery.subject_uid}"


def test_no_address_is_in_the_link(link: str) -> None:
    assert "olga" not in link


def test_an_invitation_that_fails_leaves_no_mail() -> None:
    clinic: Organisation = make_organisation()
    member = make_user()
    Membership.objects.create(organisation=clinic, user=member, role=Role.ADMIN)

    with pytest.raises(Exception, match="on the team"):
        mailing.invite(clinic, email=member.email, role=Role.ADMIN, actor=ADMIN, now=utc_now())
    assert not Delivery.objects.exists()
