"""A doctor sets the mobile phone, and the text message of the next reminder goes there; the feed follows visits."""

import re
from datetime import timedelta

import httpx
import pytest
from icalendar import Calendar
from playwright.sync_api import expect
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from appointments import lifecycle
from common.clock import utc_now
from notifications import delivery as engine
from notifications.models import Channel, Delivery, DeliveryState
from organisations.models import Doctor
from reminders import rules
from rxscale import maintenance
from tests.doubles import twilio
from tests.doubles.http import Receiver
from tests.factories import ADMIN
from tests.notifications.test_sms import use_twilio
from tests.portals.accounts.people import PASSWORD
from tests.portals.browsers import sign_in
from tests.portals.everything import Everything, make_everything

from .conftest import SCHEMES, WIDTHS, OpenPage, overflow, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("width", WIDTHS),
]


@pytest.fixture
def things() -> Everything:
    return make_everything(utc_now())


def test_the_doctor_sets_the_phone_and_the_next_reminder_goes_there(
    open_page: OpenPage, things: Everything, settings: Settings, width: int
) -> None:
    rules.add_rule(
        things.clinic.kind,
        recipient_group="doctor",
        minutes_before=120,
        send_email=False,
        send_sms=True,
        actor=ADMIN,
        now=utc_now() - timedelta(days=2),
    )
    page = open_page(None, "/doctor/settings/", width=width)
    page.get_by_label("E-mail address").fill(things.doctor_user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()

    phone = page.get_by_label("Mobile phone number")
    phone.fill("07400 123456")
    page.get_by_role("button", name="Save number").click()
    expect(page.get_by_text("Please look at this again")).to_be_visible()
    expect(phone).to_have_value("07400 123456")
    assert Doctor.objects.get(user=things.doctor_user).mobile_phone == ""

    phone.fill("+44 7400 123456")
    page.get_by_role("button", name="Save number").click()
    expect(page.get_by_text("Mobile phone number saved.")).to_be_visible()
    expect(phone).to_have_value("+447400123456")

    due = things.booked.starts_at - timedelta(minutes=119)
    with Receiver(then=twilio.accepted()) as receiver:
        use_twilio(settings, receiver)
        maintenance.run(due)
        waiting = Delivery.objects.filter(
            channel=Channel.SMS, recipient_group="doctor", state=DeliveryState.PENDING
        )
        engine.deliver(list(waiting.values_list("id", flat=True)), due + timedelta(seconds=1))

    assert [twilio.form(request)["To"] for request in receiver.requests] == ["+447400123456"]


def test_a_calendar_reads_the_feed_through_a_move_and_a_cancellation(
    open_page: OpenPage, live_server: LiveServer, things: Everything, width: int
) -> None:
    old = things.feed_path
    page = open_page(sign_in(things.doctor_user), "/doctor/settings/", width=width)
    page.get_by_role("link", name="New address …").click()
    page.get_by_role("dialog").get_by_role("button", name="Make a new address").click()
    expect(page.get_by_text("The feed has a new address.")).to_be_visible()
    found = re.search(r'data-copy="[^"]+?(/calendar/[^"]+\.ics)"', page.content())
    assert found
    assert httpx.get(live_server.url + old).status_code == 404

    def read(tag: str = "") -> tuple[int, dict[str, int], str]:
        """Status, SEQUENCE by UID, ETag: as a calendar asks that has seen the tag."""
        headers = {"If-None-Match": tag} if tag else {}
        answer = httpx.get(live_server.url + found.group(1), headers=headers)
        events = Calendar.from_ical(answer.content).walk("VEVENT") if answer.content else []
        sequences = {str(event["UID"]): int(str(event["SEQUENCE"])) for event in events}
        return answer.status_code, sequences, answer.headers.get("ETag", "")

    uid = f"{things.booked.uid}.doctor@127.0.0.1"
    status, before, tag = read()
    assert (status, before[uid]) == (200, 0)
    assert read(tag)[0] == 304

    later = things.booked.starts_at + timedelta(days=7)
    moved = lifecycle.rebook(things.booked, starts_at=later, actor=ADMIN, now=utc_now())
    status, after, tag = read(tag)
    assert (status, after[uid]) == (200, 1)
    lifecycle.cancel(moved, reason="Ill", actor=ADMIN, now=utc_now())
    status, at_the_end, _ = read(tag)
    assert (status, uid in at_the_end) == (200, False)
    assert len(at_the_end) == len(before) - 1


def test_a_zone_is_tried_before_it_is_taken(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    page = open_page(sign_in(things.doctor_user), "/doctor/settings/time-zone/", width=width)
    page.get_by_label("New time zone").select_option("America/New_York")
    page.get_by_role("button", name="Show what changes").click()
    expect(page.get_by_role("heading", name="If you change to America/New_York")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Change to America/New_York").click()
    expect(page.get_by_text("Your time zone is America/New_York.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Your time zone is Europe/Berlin.")).to_be_visible()


def test_the_time_zone_asked_for_is_clean_in_light_and_dark(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    jane = sign_in(things.doctor_user)
    for scheme in SCHEMES:
        for zone in ("Asia/Kathmandu", "nowhere"):
            path = f"/doctor/settings/time-zone/?timezone={zone}"
            page = open_page(jane, path, width=width, scheme=scheme)
            assert (path, violations(page), overflow(page)) == (path, [], 0)
