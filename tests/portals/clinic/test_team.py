"""Settings, Team: seen by admins only, of their own organisation only; every act in the page."""

from copy import deepcopy

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.clock import utc_now
from notifications.models import Delivery
from organisations.models import Invitation, Membership, Organisation, Role, User
from portals.accounts.sessions import SEEN_AT
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.clinic.team import mailing
from tests.factories import ADMIN, make_member, make_organisation, make_user
from tests.portals.accounts.people import give_second_factor, sign_in
from tests.standing import Stand

from .conftest import SignedIn

pytestmark = pytest.mark.django_db

QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 2  # members, invitations


@pytest.fixture(scope="module")
def standing_ada(stand: Stand, standing_admin: SignedIn) -> Client:
    return stand(lambda: _just_signed_in(deepcopy(standing_admin.member.user)))


@pytest.fixture
def ada(admin_member: Membership, standing_ada: Client) -> Client:
    return deepcopy(standing_ada)


def _just_signed_in(user: User) -> Client:
    """So that nothing asks for the password again, however long the module takes."""
    client = Client()
    sign_in(client, user)
    session = client.session
    session[SEEN_AT] += 3600
    session[AUTHENTICATION_METHODS_SESSION_KEY][0]["at"] += 3600
    session.save()
    return client


def _member(clinic: Organisation, role: Role = Role.OPERATIONS, name: str = "Olga O") -> Membership:
    return make_member(organisation=clinic, role=role, user=make_user(name=name))


def _invitation(clinic: Organisation, email: str = "otto@clinic.example") -> Invitation:
    return mailing.invite(clinic, email=email, role=Role.ADMIN, actor=ADMIN, now=utc_now())


def _post(client: Client, route: str, *args: str, **fields: str) -> HttpResponse:
    response = client.post(reverse(f"clinic:{route}", args=args), fields)
    assert isinstance(response, HttpResponse)
    return response


def _text(client: Client) -> str:
    return client.get(reverse("clinic:team")).content.decode()


def test_the_list_says_who_as_what_and_how_protected(ada: Client, clinic: Organisation) -> None:
    olga = _member(clinic)
    give_second_factor(olga.user)

    members = list(ada.get(reverse("clinic:team")).context["members"])

    assert [(m.user.name, m.role, m.has_second_factor) for m in members] == [
        ("Ada Admin", Role.ADMIN, False),
        ("Olga O", Role.OPERATIONS, True),
    ]
    assert "Never" in _text(ada)


def test_others_teams_are_not_seen(ada: Client) -> None:
    other = make_organisation(name="Other")
    _member(other, name="Zaphod")
    _invitation(other, "trillian@other.example")

    assert "Zaphod" not in _text(ada)
    assert "trillian" not in _text(ada)


@pytest.mark.parametrize("count", [1, 3])
def test_the_number_of_queries_is_constant(ada: Client, clinic: Organisation, count: int) -> None:
    for number in range(count):
        _member(clinic)
        _invitation(clinic, f"otto{number}@clinic.example")
    url = reverse("clinic:team")

    with CaptureQueriesContext(connection) as queries:
        ada.get(url)

    assert len(queries) == QUERIES


@pytest.mark.parametrize("route", ["team", "team-invite"])
def test_operations_do_not_see_it(operations: Client, route: str) -> None:
    assert operations.get(reverse(f"clinic:{route}")).status_code == 403


def test_operations_cannot_act_either(
    operations: Client, clinic: Organisation, admin_member: Membership
) -> None:
    uid = admin_member.user.uid
    invitation = _invitation(clinic)

    answers = [
        _post(operations, "team-invite", email="x@clinic.example", role="admin"),
        _post(operations, "team-role", uid, role="operations"),
        _post(operations, "team-remove", uid),
        _post(operations, "team-send-again", invitation.uid),
        _post(operations, "team-withdraw", invitation.uid),
    ]

    assert {answer.status_code for answer in answers} == {403}


@pytest.mark.parametrize("route", ["team-role", "team-remove"])
def test_acts_on_people_want_a_fresh_login(
    admin: Client, admin_member: Membership, route: str
) -> None:
    response = _post(admin, route, admin_member.user.uid, role="operations")

    assert response["Location"].startswith(reverse("account_reauthenticate"))


def test_inviting_writes_the_mail(ada: Client, clinic: Organisation) -> None:
    response = _post(ada, "team-invite", email="Otto@clinic.example", role="operations")

    assert response["Location"] == reverse("clinic:team")
    invitation = Invitation.objects.get()
    assert (invitation.email, invitation.role) == ("otto@clinic.example", Role.OPERATIONS)
    delivery = Delivery.objects.get()
    assert (delivery.kind, delivery.address) == ("team.invitation", "otto@clinic.example")
    assert "otto@clinic.example" in _text(ada)


@pytest.mark.parametrize(
    ("email", "role", "said"),
    [
        ("nonsense", "admin", "valid email"),
        ("otto@clinic.example", "owner", "Select a valid choice"),
        ("", "admin", "required"),
        ("taken", "admin", "on the team already"),
    ],
)
def test_what_cannot_be_invited_is_said_in_the_form(
    ada: Client, admin_member: Membership, email: str, role: str, said: str
) -> None:
    email = admin_member.user.email if email == "taken" else email

    response = _post(ada, "team-invite", email=email, role=role)

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not Invitation.objects.exists()


def test_inviting_twice_points_to_sending_again(ada: Client, clinic: Organisation) -> None:
    _invitation(clinic)

    response = _post(ada, "team-invite", email="otto@clinic.example", role="admin")

    assert "Send the invitation again" in response.content.decode()
    assert Delivery.objects.count() == 1


def test_sending_again_writes_another_mail(ada: Client, clinic: Organisation) -> None:
    invitation = _invitation(clinic)

    _post(ada, "team-send-again", invitation.uid)

    invitation.refresh_from_db()
    assert invitation.serial == 2
    assert Delivery.objects.count() == 2


def test_withdrawing_takes_it_from_the_list(ada: Client, clinic: Organisation) -> None:
    invitation = _invitation(clinic)

    _post(ada, "team-withdraw", invitation.uid)

    assert "Invitation withdrawn" in _text(ada)
    assert "otto@clinic.example" not in _text(ada)


@pytest.mark.parametrize("route", ["team-send-again", "team-withdraw"])
def test_a_stale_button_says_what_happened(ada: Client, clinic: Organisation, route: str) -> None:
    invitation = _invitation(clinic)
    Invitation.objects.update(accepted_at=utc_now())

    _post(ada, route, invitation.uid)

    assert "accepted or withdrawn meanwhile" in _text(ada)
    assert Delivery.objects.count() == 1


def test_an_invitation_that_is_too_old_says_so(ada: Client, clinic: Organisation) -> None:
    _invitation(clinic)
    Invitation.objects.update(expires_at=utc_now())

    assert "Too old" in _text(ada)


def test_a_role_is_changed(ada: Client, clinic: Organisation) -> None:
    olga = _member(clinic)

    _post(ada, "team-role", olga.user.uid, role="admin")

    olga.refresh_from_db()
    assert olga.role == Role.ADMIN
    assert "now has the role admin" in _text(ada)


@pytest.mark.parametrize("route", ["team-role", "team-remove"])
def test_the_only_admin_stays(ada: Client, admin_member: Membership, route: str) -> None:
    response = _post(ada, route, admin_member.user.uid, role="operations")

    assert response.status_code == 422
    assert "This is the only admin" in response.content.decode()
    admin_member.refresh_from_db()
    assert admin_member.role == Role.ADMIN


def test_removing_asks_first_and_then_does(ada: Client, clinic: Organisation) -> None:
    olga = _member(clinic)

    asked = ada.get(reverse("clinic:team-remove", args=[olga.user.uid])).content.decode()
    assert "Nobody is told by mail" in asked
    assert Membership.objects.filter(pk=olga.pk).exists()
    _post(ada, "team-remove", olga.user.uid)

    assert not Membership.objects.filter(pk=olga.pk).exists()


def test_who_is_removed_is_out_with_the_next_request(ada: Client, clinic: Organisation) -> None:
    olga = _member(clinic)
    browser = Client()
    browser.force_login(olga.user)
    assert browser.get(reverse("clinic:account")).status_code == 200

    _post(ada, "team-remove", olga.user.uid)

    assert browser.get(reverse("clinic:account")).status_code == 403


def test_who_gives_up_the_role_lands_where_they_may_be(ada: Client, clinic: Organisation) -> None:
    _member(clinic, Role.ADMIN)
    me = Membership.objects.get(user_id=ada.session["_auth_user_id"])

    response = _post(ada, "team-role", me.user.uid, role="operations")

    assert response["Location"] == reverse("account_no_portal")
    assert ada.get(response["Location"])["Location"] == "/admin/"


@pytest.mark.parametrize("route", ["team-role", "team-remove"])
def test_foreign_and_absent_are_the_same_404(ada: Client, route: str) -> None:
    stranger = _member(make_organisation(name="Other"))

    foreign = ada.get(reverse(f"clinic:{route}", args=[stranger.user.uid]))
    absent = ada.get(reverse(f"clinic:{route}", args=["usr-absent"]))

    assert (foreign.status_code, foreign.content) == (404, absent.content)


def test_a_foreign_invitation_is_404(ada: Client) -> None:
    invitation = _invitation(make_organisation(name="Other"))

    for route in ("team-send-again", "team-withdraw"):
        assert _post(ada, route, invitation.uid).status_code == 404
    assert Invitation.objects.open().count() == 1


def test_a_get_of_an_act_is_refused(ada: Client, clinic: Organisation) -> None:
    invitation = _invitation(clinic)

    for route in ("team-send-again", "team-withdraw"):
        assert ada.get(reverse(f"clinic:{route}", args=[invitation.uid])).status_code == 405


def test_htmx_gets_the_dialog_alone(ada: Client) -> None:
    response = ada.get(reverse("clinic:team-invite"), HTTP_HX_REQUEST="true")

    assert response.content.decode().lstrip().startswith("<h2>Invite to the team</h2>")
    assert "<html" not in response.content.decode()


def test_htmx_is_led_back_to_the_list(ada: Client) -> None:
    response = ada.post(
        reverse("clinic:team-invite"),
        {"email": "otto@clinic.example", "role": "admin"},
        HTTP_HX_REQUEST="true",
    )

    assert response["HX-Redirect"] == reverse("clinic:team")
