"""The calendar feed under Settings: made, shown again, given a new address, ended."""

import re

import pytest
from django.test import Client

from appointments.models import CalendarFeed

from .surgery import Surgery, url

pytestmark = pytest.mark.django_db


def address(surgery: Surgery) -> str:
    """The path of the feed as the page shows it, "" where it shows none."""
    text = surgery.jane.get(url("settings")).content.decode()
    found = re.search(r'data-copy="https?://[^/"]+(/calendar/[^"]+\.ics)"', text)
    return found.group(1) if found else ""


def status(path: str) -> int:
    return Client().get(path).status_code


def test_it_is_off_until_the_doctor_makes_it(surgery: Surgery) -> None:
    assert address(surgery) == ""
    surgery.jane.post(url("settings-calendar"))

    first = address(surgery)
    assert status(first) == 200
    assert address(surgery) == first
    text = surgery.jane.get(url("settings")).content.decode()
    assert re.search(r'href="webcal://[^"]+\.ics"', text)


def test_pressing_twice_leaves_the_address_as_it_is(surgery: Surgery) -> None:
    surgery.jane.post(url("settings-calendar"))
    first = address(surgery)
    surgery.jane.post(url("settings-calendar"))

    assert address(surgery) == first


def test_a_new_address_asks_first_and_ends_the_old_one_at_once(surgery: Surgery) -> None:
    surgery.jane.post(url("settings-calendar"))
    old = address(surgery)
    asked = surgery.jane.get(url("settings-calendar-renew"), headers={"HX-Request": "true"})
    assert "stops working at once" in asked.content.decode()
    assert address(surgery) == old

    surgery.jane.post(url("settings-calendar-renew"))

    new = address(surgery)
    assert (new != old, status(old), status(new)) == (True, 404, 200)
    assert len(surgery.audited("calendar_feed.renewed")) == 1


def test_switched_off_it_is_gone(surgery: Surgery) -> None:
    surgery.jane.post(url("settings-calendar"))
    old = address(surgery)
    assert "Switch it off" in surgery.jane.get(url("settings-calendar-off")).content.decode()

    surgery.jane.post(url("settings-calendar-off"))

    assert (address(surgery), status(old)) == ("", 404)
    assert not CalendarFeed.objects.exists()
