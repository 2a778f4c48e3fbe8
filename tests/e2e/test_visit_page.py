"""What a patient does from a mail's links, in real Chromium: move, cancel, join, in English and German."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from pytest_django import Settings

from appointments import links
from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import make_appointment, make_patient
from tests.portals.booking.by_link import path_of
from tests.portals.booking.front import PROFILE, Shop

from .conftest import WIDTHS, OpenPage
from .test_every_page import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def no_rate_limit(settings: Settings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture
def clinic() -> Clinic:
    """Two doctors in Berlin, open every day; one type, moved and cancelled until an hour before."""
    clinic = make_clinic(doctors=2)
    clinic.shop.contact_phone = "+49 30 901820"
    clinic.shop.privacy_notice_url = "https://shop.example/privacy"
    clinic.shop.imprint_url = "https://shop.example/imprint"
    clinic.shop.save()
    return clinic


def booked(clinic: Clinic, *, in_minutes: int = 3 * 24 * 60, **profile: str) -> Appointment:
    """A visit that begins then, of a patient in Berlin."""
    now = utc_now().replace(second=0, microsecond=0)
    patient = make_patient(shop=clinic.shop, timezone="Europe/Berlin", **profile)
    return make_appointment(
        patient=patient,
        doctor=clinic.doctors[0],
        appointment_type=clinic.kind,
        starts_at=now + timedelta(minutes=in_minutes),
        now=now - timedelta(days=1),
    )


def at_all_ways(page: Page) -> list[str]:
    """axe and the window's width: wide and narrow, light and dark, as the page stands."""
    size = page.viewport_size
    wrong = look(page, urlsplit(page.url)._replace(scheme="", netloc="").geturl())
    page.set_viewport_size(size or {"width": 1280, "height": 900})
    return wrong


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_patient_moves_and_then_cancels(
    open_page: OpenPage, clinic: Clinic, width: int, javascript: bool
) -> None:
    visit = booked(clinic, language="" if width == WIDTHS[0] else "de")
    is_english = width == WIDTHS[0]
    looked: Callable[[Page], list[str]] = at_all_ways if javascript else lambda page: []
    page = open_page(None, path_of(visit), width=width, javascript=javascript)
    wrong = looked(page)
    page.get_by_role("link", name="Choose another time" if is_english else "Andere Zeit").click()
    wrong += looked(page)
    later = visit.starts_at.date() + timedelta(days=1)  # not today: inside the notice it stays
    page.goto(f"{page.url}?day={later}")
    page.get_by_role("button", name="10:00", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Move your appointment?" if is_english else "Ihren Termin verschieben?"
    )
    wrong += looked(page)
    assert Appointment.objects.filter(status=Status.CONFIRMED).get() == visit
    page.get_by_role("button").click()

    page.wait_for_url("**/visit/*?done=moved")
    new = Appointment.objects.get(previous=visit)
    assert path_of(new) in page.url
    page.goto(path_of(visit))  # the old mail's link
    assert path_of(new) in page.url
    page.get_by_role("link", name="Cancel this" if is_english else "Termin absagen").click()
    wrong += looked(page)
    page.get_by_role("button").click()
    page.wait_for_url(f"**{path_of(new)}")
    wrong += looked(page)
    new.refresh_from_db()
    assert (new.status, new.cancelled_by) == (Status.CANCELLED, "patient")
    assert wrong == []


def test_the_keyboard_alone_moves_and_chooses_reminders(
    open_page: OpenPage, clinic: Clinic
) -> None:
    visit = booked(clinic)
    page = open_page(None, path_of(visit))
    page.get_by_label("by e-mail").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**?done=reminders")
    expect(page.get_by_label("by e-mail")).not_to_be_checked()

    page.get_by_role("link", name="Choose another time").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/move")
    page.locator("[data-day][tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url("**day=**")
    page.locator("#times button.slot").nth(4).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**at=**")
    page.get_by_role("button", name="Move it to this time").focus()
    page.keyboard.press("Enter")

    page.wait_for_url("**?done=moved")
    assert Appointment.objects.filter(previous=visit).exists()


def test_joining_in_and_out_of_its_time(open_page: OpenPage, clinic: Clinic) -> None:
    early, over = booked(clinic, in_minutes=35), booked(clinic, in_minutes=-5 * 60)
    page = open_page(None, urlsplit(links.join_url(early)).path, width=390)
    expect(page.get_by_text("Come back to join from")).to_be_visible()
    assert page.get_by_role("link", name="Enter the room").count() == 0
    wrong = at_all_ways(page)

    now = booked(clinic, in_minutes=5)
    page.goto(urlsplit(links.join_url(now)).path)
    expect(page.get_by_role("link", name="Enter the room")).to_be_visible()
    wrong += at_all_ways(page)
    page.goto(urlsplit(links.join_url(over)).path)
    expect(page.get_by_text("The time to join this appointment has passed.")).to_be_visible()
    page.goto("/visit/nothing")
    wrong += at_all_ways(page)
    assert wrong == []


def test_booking_in_german_is_light_and_lacks_nothing(open_page: OpenPage, clinic: Clinic) -> None:
    code = Shop(clinic, utc_now()).code("customer-de", **PROFILE, language="de")
    page = open_page(None, "/healthz", width=390)
    sizes: list[int] = []
    page.on("response", lambda answer: sizes.append(len(answer.body())) if answer.ok else None)
    page.goto(f"/book/?booking_launch_code={code}&doctor=any")
    page.wait_for_url("**/book/choose?doctor=any")
    page.wait_for_load_state("networkidle")
    assert 10_000 < sum(sizes) < 100_000
    wrong = at_all_ways(page)
    page.get_by_role("link", name="Ändern").click()
    wrong += at_all_ways(page)
    page.get_by_role("button", name="Diese Zeitzone verwenden").click()
    page.locator("#times button.slot").last.click()
    page.wait_for_url("**/book/details/**")
    wrong += at_all_ways(page)
    page.get_by_role("button", name="Termin verbindlich buchen").click()
    page.wait_for_url("**/book/done/**")
    wrong += at_all_ways(page)
    assert wrong == []
