"""A clinic that has just been set up: each empty page says what comes there, and has one next step."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_member, make_organisation
from tests.portals.browsers import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner() -> Client:
    return sign_in(make_member(organisation=make_organisation()).user)


def content_of(client: Client, route: str) -> str:
    text = client.get(reverse(route)).content.decode()
    return text.partition('id="main"')[2].partition('id="toasts"')[0]


@pytest.mark.parametrize("route", ["clinic:keys", "clinic:secrets", "clinic:subscriptions"])
def test_what_can_be_made_here_is_offered_once(owner: Client, route: str) -> None:
    assert content_of(owner, route).count("is-primary") == 1


@pytest.mark.parametrize(
    "route", ["clinic:appointments", "clinic:day", "clinic:doctors", "clinic:types"]
)
def test_what_the_team_at_rxscale_makes_leads_to_the_set_up_list(owner: Client, route: str) -> None:
    empty = re.search(r'<div class="empty">.*?</div></div>', content_of(owner, route), re.DOTALL)

    assert empty is not None
    assert f'href="{reverse("clinic:dashboard")}"' in empty[0]
    assert "See past ones" not in empty[0]
