"""The RxScale team's pages use the same door, and can help who lost the telephone."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from notifications.models import Delivery
from organisations.models import Organisation, User
from tests.factories import make_member, make_organisation
from tests.portals.team import Staff

from .people import audited, give_second_factor

pytestmark = pytest.mark.django_db
ACTION = "switch_second_factor_off"


@pytest.fixture
def clinic() -> Organisation:
    return make_organisation()


@pytest.fixture
def ada(clinic: Organisation) -> User:
    return make_member(organisation=clinic).user


def test_a_lost_telephone_is_helped_audited_and_mailed(
    staff: Staff, ada: User, clinic: Organisation
) -> None:
    give_second_factor(ada)

    staff.act("organisations_user", ACTION, ada.pk)

    assert not Authenticator.objects.exists()
    assert audited(clinic) == [("user.second_factor_removed", "")]
    delivery = Delivery.objects.get()
    assert (delivery.address, delivery.context) == (ada.email, {"what": "totp_deactivated"})


def test_who_has_none_leaves_no_trace(staff: Staff, ada: User, clinic: Organisation) -> None:
    staff.act("organisations_user", ACTION, ada.pk)

    assert audited(clinic) == []
    assert not Delivery.objects.exists()


def test_signing_out_there_is_signing_out_here(ada: User, clinic: Organisation) -> None:
    User.objects.filter(pk=ada.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(ada)

    response = client.post("/staff/logout/")

    assert response["Location"] == reverse("account_login")
    assert audited(clinic) == [("account.signed_out", "chosen")]


def test_the_password_is_changed_on_the_one_page(staff: Staff) -> None:
    response = staff.client.get("/staff/password_change/")

    assert response["Location"] == reverse("account_change_password")


@pytest.mark.parametrize("path", ["account/emailaddress/", "mfa/authenticator/"])
def test_the_librarys_tables_are_not_browsed(staff: Staff, path: str) -> None:
    assert staff.client.get(f"/staff/{path}").status_code == 404
