"""A patient books from the shop's link in real Chromium: wide and narrow, with and without JavaScript, by keyboard."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Response, expect
from pytest_django import Settings

from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import make_doctor, make_patient, make_window
from tests.portals.booking.front import Shop

from .conftest import WIDTHS, OpenPage, overflow, violations

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
_customers = count(1)


@pytest.fixture(autouse=True)
def no_rate_limit(settings: Settings) -> None:
    settings.RATE_LIMIT = "off"


@pytest.fixture
def clinic() -> Clinic:
    """Two doctors in Berlin, open every day; one type, moved and cancelled until an hour before."""
    clinic = make_clinic(doctors=2)
    clinic.shop.privacy_notice_url = "https://shop.example/privacy"
    clinic.shop.imprint_url = "https://shop.example/imprint"
    clinic.shop.save()
    return clinic


def link(clinic: Clinic, **profile: str) -> str:
    """What the shop sends its customer's browser to."""
    code = Shop(clinic, utc_now()).code(f"customer-{next(_customers)}", **profile)
    return f"/book/?booking_launch_code={code}"


def look(page: Page) -> None:
    assert violations(page) == []
    assert overflow(page) <= 0


def day_ahead(page: Page, days: int = 2) -> None:
    """Choose a day, for today's last times may pass while the test runs."""
    day = (utc_now() + timedelta(days=days)).date()
    page.goto(f"/book/choose?doctor=any&day={day}")


def booked() -> Appointment:
    return Appointment.objects.select_related("patient").get(status=Status.CONFIRMED)


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
@pytest.mark.parametrize("width", WIDTHS)
def test_a_patient_books_with_any_doctor(
    open_page: OpenPage, clinic: Clinic, width: int, javascript: bool
) -> None:
    scheme = "dark" if width == WIDTHS[1] else "light"
    page = open_page(None, link(clinic), width=width, scheme=scheme, javascript=javascript)
    if not javascript:
        page.get_by_role("button", name="Go on").click()
    page.wait_for_url("**/book/choose")
    look_too: Callable[[Page], object] = (
        look if javascript else Page.title
    )  # axe is a script itself
    look_too(page)
    page.get_by_role("link", name="Any doctor").click()
    look_too(page)
    day_ahead(page)
    page.get_by_role("button", name="10:00", exact=True).click()
    page.wait_for_url("**/book/details/**")
    look_too(page)
    expect(page.get_by_label("First name")).to_have_value("Paula")
    page.get_by_label("E-mail address").fill("paula(at)patients")
    page.get_by_role("button", name="Book this appointment").click()
    expect(page.locator(".field-error")).to_contain_text("Enter an e-mail address")
    look_too(page)
    page.get_by_label("E-mail address").fill("new@patients.example")
    page.get_by_role("button", name="Book this appointment").dblclick()
    page.wait_for_url("**/book/done/**")

    look_too(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your appointment is booked")
    visit = booked()
    assert visit.patient.email == "new@patients.example"
    expect(page.get_by_text(visit.starts_at.strftime("%A, %-d %B %Y")).first).to_be_visible()
    expect(page.get_by_role("link", name="Add to calendar")).to_be_visible()
    assert "launch_code" not in page.url


def test_a_patient_who_is_overtaken_takes_the_nearest_time(
    open_page: OpenPage, clinic: Clinic
) -> None:
    page = open_page(None, link(clinic), width=390)
    page.wait_for_url("**/book/choose")
    day_ahead(page)
    button = page.get_by_role("button", name="10:00", exact=True)
    at = datetime.fromtimestamp(int(button.get_attribute("value") or ""), tz=utc_now().tzinfo)
    for doctor in clinic.doctors:
        other = make_patient(shop=clinic.shop)
        clinic.book(at, patient=other, doctor=doctor, now=utc_now())

    button.click()

    note = page.get_by_role("alert")
    expect(note).to_contain_text("has just been taken")
    expect(note.get_by_role("button")).to_have_text(["09:00", "09:30", "10:30"])
    look(page)
    note.get_by_role("button", name="10:30").click()
    page.wait_for_url("**/book/details/**")
    assert Appointment.objects.get(status=Status.HELD).starts_at == at + timedelta(minutes=30)


def test_a_hold_that_runs_out_keeps_what_was_typed_and_shows_fresh_times(
    open_page: OpenPage, clinic: Clinic
) -> None:
    page = open_page(None, link(clinic))
    page.wait_for_url("**/book/choose")
    day_ahead(page)
    page.get_by_role("button", name="10:00", exact=True).click()
    page.wait_for_url("**/book/details/**")
    expect(page.get_by_text("15 minutes left").first).to_be_visible()
    Appointment.objects.update(hold_expires_at=utc_now() + timedelta(seconds=4))
    page.reload()
    page.get_by_label("First name").fill("Pauline")

    page.wait_for_url("**/book/choose?*problem=ran_out*")

    expect(page.get_by_role("alert")).to_contain_text("What you typed is kept")
    look(page)
    page.get_by_role("button", name="10:00", exact=True).click()
    expect(page.get_by_label("First name")).to_have_value("Pauline")
    assert Appointment.objects.filter(status=Status.CONFIRMED).count() == 0


def test_going_back_gives_the_time_back(open_page: OpenPage, clinic: Clinic) -> None:
    page = open_page(None, link(clinic), width=390, javascript=False)
    page.get_by_role("button", name="Go on").click()
    day_ahead(page)
    page.get_by_role("button", name="10:00", exact=True).click()
    page.get_by_label("First name").fill("Pauline")

    page.get_by_role("button", name="Choose another time").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("When suits you?")
    assert Appointment.objects.get().status == Status.CANCELLED
    page.get_by_role("button", name="11:00", exact=True).click()
    expect(page.get_by_label("First name")).to_have_value("Pauline")


def test_the_keyboard_alone_books(open_page: OpenPage, clinic: Clinic) -> None:
    page = open_page(None, link(clinic))
    page.wait_for_url("**/book/choose")
    page.get_by_role("link", name="Any doctor").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**doctor=any**")
    page.goto(f"{page.url}&month={next_month():%Y-%m}")
    walk_the_month(page)
    page.keyboard.press("Enter")
    page.wait_for_url("**day=**#times")
    look(page)
    page.keyboard.press("Tab")  # from the day's heading on: the zone, then the times
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/details/**")
    page.get_by_label("Date of birth").focus()
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()") == "Book this appointment":
            break
    page.keyboard.press("Enter")

    page.wait_for_url("**/book/done/**")
    assert booked().status == Status.CONFIRMED


def walk_the_month(page: Page) -> None:
    """One stop of the tab key; arrows go by days and weeks. Back to where it began."""
    stop = page.locator("[data-day][tabindex='0']")
    expect(stop).to_have_count(1)
    stop.focus()
    first = focused(page)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(stop).to_have_count(1)
    assert int(focused(page)) == int(first) + 8
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert focused(page) == first


def test_page_keys_turn_the_month(open_page: OpenPage, clinic: Clinic) -> None:
    page = open_page(None, link(clinic))
    page.wait_for_url("**/book/choose")
    page.goto("/book/choose?doctor=any")
    page.locator("[data-day][tabindex='0']").focus()

    page.keyboard.press("PageDown")

    page.wait_for_url(f"**month={next_month():%Y-%m}")
    look(page)


def test_the_times_are_told_in_the_zone_of_the_browser(open_page: OpenPage, clinic: Clinic) -> None:
    """A late evening with a doctor in New York is the next morning in Tokyo."""
    doctor = make_doctor(organisation=clinic.organisation, timezone="America/New_York")
    for weekday in range(7):
        make_window(doctor=doctor, weekday=weekday, start="20:00", end="21:00")
    clinic.kind.offers.create(organisation=clinic.organisation, doctor=doctor)
    page = open_page(None, "/healthz")
    page.context.new_cdp_session(page).send(
        "Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"}
    )

    page.goto(link(clinic))
    page.wait_for_url("**/book/choose")
    page.goto(f"/book/choose?doctor={doctor.uid}&month={next_month():%Y-%m}")

    expect(page.get_by_text("Times in Asia/Tokyo, JST")).to_be_visible()
    expect(page.get_by_role("heading", name="Morning")).to_be_visible()
    page.locator("#times button.slot").first.click()
    page.get_by_role("button", name="Book this appointment").click()
    page.wait_for_url("**/book/done/**")
    look(page)
    expect(page.get_by_text("(Asia/Tokyo, JST)").first).to_be_visible()
    assert booked().patient.timezone == "Asia/Tokyo"
    assert page.locator("dd time").first.inner_text().splitlines()[1].startswith(("09:", "10:"))


def test_a_used_link_leads_back_to_the_shop(open_page: OpenPage, clinic: Clinic) -> None:
    used = link(clinic)
    open_page(None, used).wait_for_url("**/book/choose")

    page = open_page(None, used, width=390)

    expect(page.get_by_role("link", name="Back to Northside Shop").first).to_be_visible()
    look(page)


def test_everything_is_loaded_from_us_and_the_first_visit_is_light(
    open_page: OpenPage, clinic: Clinic
) -> None:
    page = open_page(None, "/healthz")
    sizes: list[int] = []
    hosts: set[str] = set()

    def weigh(response: Response) -> None:
        hosts.add(urlsplit(response.url).netloc)
        if response.status == 200:
            sizes.append(len(response.body()))

    page.on("response", weigh)
    page.goto(link(clinic) + "&doctor=any")
    page.wait_for_url("**/book/choose?doctor=any")
    page.wait_for_load_state("networkidle")

    assert hosts == {urlsplit(page.url).netloc}
    assert 10_000 < sum(sizes) < 100_000


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent"))


def next_month() -> datetime:
    return (utc_now().replace(day=1) + timedelta(days=32)).replace(day=1)
