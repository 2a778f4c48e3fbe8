"""Addresses of pages that are looked up once."""

from unittest import mock

import pytest
from django.urls import NoReverseMatch, reverse

from common.uids import new_uid
from portals import addresses
from portals.addresses import page_of, route_or_blank


@pytest.mark.parametrize(
    "route", ["clinic:appointment", "clinic:patient", "clinic:doctor", "doctor:appointment"]
)
def test_a_page_is_where_the_routes_say(route: str) -> None:
    for uid in (new_uid("mtg"), "UID", new_uid("pp")):
        assert page_of(route, uid) == reverse(route, args=[uid])


def test_a_hundred_pages_are_one_lookup() -> None:
    page_of("clinic:patient", "pp-1")
    with mock.patch.object(addresses, "reverse") as lookups:
        assert len({page_of("clinic:patient", f"pp-{number}") for number in range(100)}) == 100

    assert not lookups.called


def test_no_page_is_a_bug_or_blank_where_one_may_be_missing() -> None:
    with pytest.raises(NoReverseMatch):
        page_of("clinic:nowhere", "x-1")

    assert route_or_blank("clinic:nowhere") == route_or_blank("") == ""
    assert route_or_blank("clinic:dashboard") == reverse("clinic:dashboard")
