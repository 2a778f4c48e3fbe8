"""My account: what members tell of themselves, reminders, and how their sign-in is protected."""

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from organisations.models import AuditEntry, Membership, Organisation, User
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from tests.factories import make_shop
from tests.portals.accounts.people import give_second_factor

pytestmark = pytest.mark.django_db

QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 2  # the country of the first shop, the second factor


def _post(client: Client, route: str = "account", **fields: str) -> HttpResponse:
    response = client.post(reverse(f"clinic:{route}"), fields)
    assert isinstance(response, HttpResponse)
    return response


def _save(client: Client, **changes: str) -> HttpResponse:
    fields = {"name": "Ada Admin", "timezone": "", "mobile_phone": "", **changes}
    return _post(client, **fields)


def _page(client: Client) -> str:
    return client.get(reverse("clinic:account")).content.decode()


def test_operations_have_one_as_well(operations: Client) -> None:
    assert "Olga Operations" in _page(operations)


def test_the_number_of_queries_is_constant(admin: Client, clinic: Organisation) -> None:
    for _ in range(3):
        make_shop(organisation=clinic)

    with CaptureQueriesContext(connection) as queries:
        _page(admin)

    assert len(queries) == QUERIES


def test_what_is_saved_is_shown(admin: Client, admin_member: Membership) -> None:
    response = _save(
        admin, name="Ada Winter", timezone="America/New_York", mobile_phone="+1 202 555 0123"
    )

    assert response["Location"] == reverse("clinic:account")
    user = User.objects.get(pk=admin_member.user_id)
    assert (user.name, user.timezone) == ("Ada Winter", "America/New_York")
    assert user.mobile_phone == "+12025550123"
    assert "Times in America/New_York" in _page(admin)
    entry = AuditEntry.objects.get()
    assert entry.details == {"fields": ["name", "timezone", "mobile_phone"]}


def test_a_number_is_read_in_the_country_of_the_shop(
    admin: Client, clinic: Organisation, admin_member: Membership
) -> None:
    make_shop(organisation=clinic, country="GB")
    assert "Such as +447" in _page(admin)

    _save(admin, mobile_phone="07400 123456")

    assert User.objects.get(pk=admin_member.user_id).mobile_phone == "+447400123456"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("mobile_phone", "12", "with its country code"),
        ("timezone", "Mars/Olympus", "Select a valid choice"),
        ("name", "", "required"),
        ("name", "a\0b", "Null characters"),
    ],
)
def test_what_cannot_be_used_is_said_and_kept_in_the_form(
    admin: Client, field: str, value: str, said: str
) -> None:
    response = _save(admin, **{field: value})

    assert response.status_code == 422
    assert said in response.content.decode()
    assert not AuditEntry.objects.exists()


def test_reminders_go_off_with_a_way_back(admin: Client, admin_member: Membership) -> None:
    _post(admin, "account-reminders", reminders="off")

    admin_member.refresh_from_db()
    assert not admin_member.receives_reminders
    page = _page(admin)
    assert "You get no more reminders." in page
    assert 'name="reminders" value="on"' in page


def test_signing_out_everywhere_keeps_this_session(admin: Client, admin_member: Membership) -> None:
    elsewhere = Client()
    elsewhere.force_login(admin_member.user)
    assert elsewhere.get(reverse("clinic:account")).status_code == 200

    _post(admin, "account-end-sessions")

    assert elsewhere.get(reverse("clinic:account")).status_code == 302
    assert "signed out everywhere else" in _page(admin)


def test_the_second_factor_is_offered_or_managed(admin: Client, admin_member: Membership) -> None:
    assert reverse("mfa_activate_totp") in _page(admin)

    give_second_factor(admin_member.user)

    assert reverse("mfa_view_recovery_codes") in _page(admin)
    assert reverse("mfa_deactivate_totp") in _page(admin)


def test_where_it_is_required_it_is_not_offered_to_switch_it_off(
    admin: Client, admin_member: Membership, settings: Settings
) -> None:
    settings.MFA_REQUIRED_FOR_ADMINS = True
    give_second_factor(admin_member.user)

    assert reverse("mfa_deactivate_totp") not in _page(admin)


@pytest.mark.parametrize("route", ["account-reminders", "account-end-sessions"])
def test_a_get_of_an_act_is_refused(admin: Client, route: str) -> None:
    assert admin.get(reverse(f"clinic:{route}")).status_code == 405
