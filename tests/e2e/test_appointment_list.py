"""The appointment list and the day in real Chromium: as they look, with scripts and without."""

from datetime import timedelta
from typing import Literal

import pytest
from django.db.models import F
from django.test import Client
from playwright.sync_api import expect

from appointments import lifecycle
from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from tests import factories
from tests.factories import ADMIN

from .conftest import SCHEMES, WIDTHS, OpenPage, overflow, violations

pytestmark = pytest.mark.browser
LIST, DAY = "/admin/appointments/", "/admin/appointments/day/"
VISITS = 4


@pytest.fixture
def admin(transactional_db: None) -> Client:
    """Of a clinic with two doctors, and visits of tomorrow."""
    client = Client()
    organisation = factories.make_organisation()
    client.force_login(factories.make_member(organisation=organisation).user)
    shop = factories.make_shop(organisation=organisation)
    doctors = [
        factories.make_doctor(organisation=organisation, display_name=name)
        for name in ("Dr Jane Hill", "Dr Omar Sy")
    ]
    kind = factories.make_type(organisation=organisation, doctors=doctors)
    tomorrow = utc_now().replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for n in range(VISITS):
        factories.make_appointment(
            patient=factories.make_patient(shop=shop, last_name=f"Number {n}"),
            doctor=doctors[n % 2],
            appointment_type=kind,
            starts_at=tomorrow + timedelta(hours=n),
            status=Status.HELD if n == 1 else Status.CONFIRMED,
            now=utc_now(),
        )
    return client


def tomorrows() -> str:
    return f"{DAY}?date={utc_now().date() + timedelta(days=1)}"


@pytest.mark.parametrize(("width", "scheme"), [*zip(WIDTHS, SCHEMES, strict=True)])
def test_axe_finds_nothing_and_nothing_overflows(
    admin: Client, open_page: OpenPage, width: int, scheme: Literal["light", "dark"]
) -> None:
    for path in (
        f"{LIST}?dates=tomorrow",
        tomorrows(),
        f"{LIST}cancel/?all=1",
        f"{LIST}?tab=past",
        f"{LIST}?from=2027-01-01",
    ):
        page = open_page(admin, path, width=width, scheme=scheme)

        assert violations(page) == [], path
        assert overflow(page) == 0, path


def test_a_filter_acts_at_once_and_back_takes_it_off(admin: Client, open_page: OpenPage) -> None:
    page = open_page(admin, LIST)

    page.get_by_label("Doctor", exact=True).select_option(label="Dr Omar Sy")

    expect(page.locator("tbody tr")).to_have_count(VISITS // 2)
    assert "doctor=doc-" in page.url
    assert "=&" not in page.url  # only what is on
    assert not page.url.endswith("=")
    page.go_back()
    expect(page.locator("tbody tr")).to_have_count(VISITS)
    expect(page.locator("nav.tabs")).to_have_count(1)  # a whole page, not a piece of one


def test_several_statuses_are_chosen_before_they_are_shown(
    admin: Client, open_page: OpenPage
) -> None:
    page = open_page(admin, f"{LIST}?tab=all")

    page.locator("#filter-status-menu summary").click()
    page.get_by_label("Held", exact=True).check()
    page.get_by_label("Expired", exact=True).check()
    page.get_by_role("button", name="Show these").click()

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Take off Status: Expired")).to_be_visible()
    assert page.url.count("status=") == 2


def test_a_patient_is_chosen_by_the_search_in_a_dialog(admin: Client, open_page: OpenPage) -> None:
    page = open_page(admin, LIST)

    page.get_by_role("link", name="All patients").click()
    page.get_by_label("Name, e-mail address, phone number or uid").fill("Number 2")
    page.get_by_role("dialog").get_by_role("button", name="Search").click()
    assert "patient" not in page.url
    page.get_by_role("dialog").get_by_role("link", name="Paula Number 2").click()

    expect(page.locator("tbody tr")).to_have_count(1)
    assert "patient=pp-" in page.url
    assert "Number" not in page.url


def test_a_visit_moved_or_held_has_its_start_on_one_line_on_a_phone(
    admin: Client, open_page: OpenPage
) -> None:
    visit = Appointment.objects.filter(status=Status.CONFIRMED).earliest("starts_at")
    factories.open_all_week(visit.doctor)
    lifecycle.rebook(
        visit, starts_at=visit.starts_at + timedelta(days=1), actor=ADMIN, now=utc_now()
    )
    page = open_page(admin, f"{LIST}?tab=all", width=390)

    assert page.locator(".moved").count() == 2
    for start in page.locator("tbody th > span > a").all():
        box = start.bounding_box()
        assert box is not None
        assert box["height"] < 30


def test_the_tab_that_is_open_is_in_sight_on_a_phone(admin: Client, open_page: OpenPage) -> None:
    page = open_page(admin, f"{LIST}?tab=all", width=390)

    expect(page.locator(".tabs [aria-current]")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_short_visit_has_its_time_whole_in_the_day(
    admin: Client, open_page: OpenPage, width: int
) -> None:
    end = F("starts_at") + timedelta(minutes=15)
    Appointment.objects.update(ends_at=end, blocked_until=end)
    page = open_page(admin, tomorrows(), width=width)

    cut = "spans => spans.filter(span => span.scrollWidth > span.clientWidth).length"
    assert page.locator(".is-short .day-time").count() == VISITS
    assert page.locator(".is-short .day-time").evaluate_all(cut) == 0


@pytest.mark.parametrize("javascript", [True, False])
def test_ticked_visits_are_cancelled_with_one_reason(
    admin: Client, open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(admin, LIST, javascript=javascript)

    for box in page.locator("tbody input[type=checkbox]").all()[:2]:
        box.check()
    page.get_by_role("button", name="ticked").click()
    page.get_by_label("Reason").fill("Doctor is ill")
    page.get_by_role("button", name="Cancel 2 appointments").click()

    expect(page.get_by_role("heading", name="2 appointments cancelled")).to_be_visible()
    assert Appointment.objects.filter(cancellation_reason="Doctor is ill").count() == 2


@pytest.mark.parametrize("width", WIDTHS)
def test_a_sick_doctors_day_is_cancelled_from_the_day(
    admin: Client, open_page: OpenPage, width: int
) -> None:
    page = open_page(admin, tomorrows(), width=width)

    if width < 600:
        page.get_by_role("link", name="Dr Omar Sy").first.click()
    column = page.get_by_role("region", name="Dr Omar Sy")
    column.get_by_role("link", name="Cancel day").click()
    page.get_by_label("Reason").fill("Doctor is ill")
    page.get_by_role("button", name="Cancel 2 appointments").click()

    expect(page.get_by_role("heading", name="2 appointments cancelled")).to_be_visible()
    left = Appointment.objects.exclude(status=Status.CANCELLED)
    assert {visit.doctor.display_name for visit in left} == {"Dr Jane Hill"}
