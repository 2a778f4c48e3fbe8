"""The one door: password, closed sign-up, where each role lands, what is written down, what is refused."""

import socket

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import NoReverseMatch, resolve, reverse
from django.urls.exceptions import Resolver404
from pytest_django import Settings

from organisations.models import AuditEntry, Membership, Organisation, Role, User
from portals.accounts import places
from tests.factories import make_doctor, make_member, make_organisation, make_user

from .people import PASSWORD, audited, post, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def ada(clinic: Organisation) -> User:
    return make_member(organisation=clinic).user


def test_an_admin_lands_in_the_admin_portal(client: Client, ada: User) -> None:
    assert sign_in(client, ada)["Location"] == "/admin/"
    assert client.session["_auth_user_id"] == str(ada.pk)


def test_capitals_in_the_address_do_not_matter(client: Client, ada: User) -> None:
    response = post(client, "account_login", login=ada.email.upper(), password=PASSWORD)

    assert response["Location"] == "/admin/"


@pytest.mark.parametrize("role", Role)
def test_both_roles_land_in_the_admin_portal(
    client: Client, clinic: Organisation, role: Role
) -> None:
    member = make_member(organisation=clinic, role=role)

    assert sign_in(client, member.user)["Location"] == "/admin/"


def test_the_team_lands_at_its_pages(client: Client) -> None:
    sam = User.objects.create_superuser("sam@rxscale.example", PASSWORD)

    assert sign_in(client, sam)["Location"] == "/staff/"


def test_who_has_both_may_switch(ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True)

    places_of_ada = places.places_of(User.objects.get(pk=ada.pk))

    assert [place.url for place in places_of_ada] == ["/admin/", "/staff/"]


def test_a_doctor_alone_lands_in_the_doctor_portal(client: Client, clinic: Organisation) -> None:
    jane = make_user(name="Jane Hill")
    make_doctor(organisation=clinic, user=jane)

    assert sign_in(client, jane)["Location"] == "/doctor/"


def test_who_belongs_nowhere_is_told_that_there_is_no_portal(client: Client, db: None) -> None:
    response = sign_in(client, make_user())

    assert response["Location"] == reverse("account_no_portal")
    page = client.get(response["Location"])
    assert "There is no portal for you here yet" in page.content.decode()


def test_who_has_a_portal_is_led_on_from_the_page_without(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert client.get(reverse("account_no_portal"))["Location"] == "/admin/"


def test_the_way_back_is_followed(client: Client, ada: User) -> None:
    assert sign_in(client, ada, next="/admin/patients/")["Location"] == "/admin/patients/"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil"]
)
def test_the_way_back_never_leads_elsewhere(client: Client, ada: User, elsewhere: str) -> None:
    assert sign_in(client, ada, next=elsewhere)["Location"] == "/admin/"


def test_the_team_signs_in_at_the_same_page(client: Client) -> None:
    response = client.get("/staff/login/?next=/staff/")

    assert response["Location"] == "/accounts/login/?next=%2Fstaff%2F"


def test_a_member_is_not_let_into_the_teams_pages(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert client.get("/staff/", follow=True).status_code == 403


@pytest.mark.parametrize(
    "path", ["signup/", "email/", "confirm-email/", "social/", "password/set/"]
)
def test_what_is_not_needed_is_not_there(path: str) -> None:
    with pytest.raises(Resolver404):
        resolve(f"/accounts/{path}")


def test_nobody_signs_up() -> None:
    with pytest.raises(NoReverseMatch):
        reverse("account_signup")


def test_signing_in_and_out_is_audited_where_the_user_works(client: Client, ada: User) -> None:
    other = make_organisation(name="Other")
    make_doctor(organisation=other, user=ada)
    stranger = make_organisation(name="Stranger")

    sign_in(client, ada)
    post(client, "account_logout")

    expected = [("account.signed_in", ""), ("account.signed_out", "chosen")]
    assert audited(Membership.objects.get(user=ada).organisation) == expected
    assert audited(other) == expected
    assert audited(stranger) == []
    assert set(AuditEntry.objects.of(other).values_list("actor_kind", "ip_address")) == {
        ("doctor", "127.0.0.1")
    }


def test_a_wrong_password_is_audited_and_says_nothing_about_the_address(
    client: Client, clinic: Organisation, ada: User
) -> None:
    wrong = sign_in(client, ada, "wrong")
    unknown = post(client, "account_login", login="nobody@clinic.example", password="wrong")

    assert audited(clinic) == [("account.sign_in_failed", "password")]
    said = "The e-mail address or the password is not right."
    assert said in wrong.content.decode()
    assert said in unknown.content.decode()


def test_a_get_does_not_sign_out(client: Client, ada: User) -> None:
    client.force_login(ada)

    assert client.get(reverse("account_logout")).status_code == 200
    assert "_auth_user_id" in client.session


def test_after_five_wrong_passwords_the_right_one_must_wait(client: Client, ada: User) -> None:
    for _ in range(5):
        sign_in(client, ada, "wrong")

    response = sign_in(client, ada)

    assert "Too many failed" in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_four_wrong_passwords_are_forgiven(client: Client, ada: User) -> None:
    for _ in range(4):
        sign_in(client, ada, "wrong")

    assert sign_in(client, ada)["Location"] == "/admin/"


def test_many_addresses_from_one_place_are_stopped_as_well(client: Client, ada: User) -> None:
    for number in range(10):
        post(client, "account_login", login=f"user{number}@clinic.example", password="wrong")

    assert "Too many failed" in sign_in(client, ada).content.decode()


def test_a_dead_redis_does_not_matter(
    client: Client, ada: User, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything signing in counts is in PostgreSQL: no other address is dialled."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(socket, "create_connection", _refuse)

    assert sign_in(client, ada)["Location"] == "/admin/"
    cache.set("counted", 1)
    assert cache.get("counted") == 1


def _refuse(*_: object, **__: object) -> None:
    raise ConnectionRefusedError


def test_a_deactivated_user_is_told_so(client: Client, ada: User) -> None:
    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert sign_in(client, ada)["Location"] == reverse("account_inactive")
    assert "_auth_user_id" not in client.session


def test_a_deactivated_user_is_out_with_the_next_request(client: Client, ada: User) -> None:
    sign_in(client, ada)
    assert client.get(reverse("mfa_index")).status_code == 200

    User.objects.filter(pk=ada.pk).update(is_active=False)

    assert client.get(reverse("mfa_index")).status_code == 302


@pytest.mark.parametrize("bad", ["a\0b", "\ud83d", "x" * 5000, "ada@clinic.example\r\nBcc: x"])
def test_bad_input_is_never_our_fault(client: Client, bad: str) -> None:
    typed = bad.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    for fields in ({"login": typed, "password": "x"}, {"login": "a@b.example", "password": typed}):
        assert post(client, "account_login", **fields).status_code in (200, 429)


@pytest.mark.parametrize(
    "route", ["account_login", "account_reset_password", "account_reset_password_done"]
)
def test_pages_of_the_entrance_are_kept_by_nobody_and_load_nothing_from_elsewhere(
    client: Client, route: str
) -> None:
    response = client.get(reverse(route))

    assert "no-store" in response["Cache-Control"]
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "<script" not in response.content.decode()
    assert "style=" not in response.content.decode()


def test_no_address_is_in_a_url(client: Client, ada: User) -> None:
    """Canary: every redirect and every link of the way in, with an address that would be seen."""
    seen = [sign_in(client, ada, "wrong"), sign_in(client, ada)]
    seen += [post(client, "account_change_password"), post(client, "account_logout")]
    seen += [post(client, "account_reset_password", email=ada.email)]

    urls = [response.get("Location", "") for response in seen]
    assert [url for url in urls if "@" in url or ada.email.partition("@")[0] in url] == []
