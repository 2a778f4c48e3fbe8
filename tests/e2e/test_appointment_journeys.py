"""Find an appointment and cancel it, cancel a sick doctor's day, move one, book one: as people do it."""

import re

import pytest
from playwright.sync_api import expect

from appointments.models import Appointment
from appointments.status import Status

from .conftest import WIDTHS, OpenPage
from .journeys import sit_down

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("width", WIDTHS),
]


def test_find_an_appointment_by_keyboard_and_cancel_it(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/appointments/", width=width)
    page, visit = desk.page, desk.things.booked
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("sommer")
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_role("link", name="Petra Sommer").first.click()
    page.locator(f"a[href='/admin/appointments/{visit.uid}/']").first.click()

    desk.follow("Cancel")
    desk.dialog.get_by_label("Reason").fill("Doctor is ill")
    desk.dialog.get_by_label("Message to the patient").fill("We are sorry.")
    desk.dialog.get_by_role("button", name="Cancel appointment").click()

    desk.says("Appointment cancelled.")
    desk.says("Doctor is ill")
    visit.refresh_from_db()
    assert (visit.status, visit.cancellation_message) == (Status.CANCELLED, "We are sorry.")
    assert "sommer" not in page.url


def test_cancel_a_sick_doctors_day(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/appointments/", width=width)
    page, doctor = desk.page, desk.things.clinic.doctor
    before = Appointment.objects.filter(status=Status.CONFIRMED).count()
    page.get_by_label("Doctor").select_option(doctor.uid)
    expect(page).to_have_url(re.compile(f"doctor={doctor.uid}"))
    page.get_by_role("link", name="Cancel all").click()
    page.get_by_label("Reason").fill("Doctor is ill")
    page.locator("main").get_by_role("button", name="Cancel 3 appointments").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("cancelled")
    assert before >= 2
    assert not Appointment.objects.filter(
        status__in=(Status.CONFIRMED, Status.HELD), starts_at__gt=desk.things.booked.created_at
    ).exists()


def test_move_an_appointment(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/appointments/", width=width)
    old = desk.things.booked
    desk.page.goto(f"/admin/appointments/{old.uid}/")
    desk.follow("Move to another time")
    desk.page.locator("a.slot:not([aria-current])").first.click()
    desk.page.get_by_role("button", name="Move appointment").click()

    desk.says("Appointment moved. This is the new one.")
    new = Appointment.objects.get(previous=old)
    expect(desk.page).to_have_url(re.compile(f"/admin/appointments/{new.uid}/$"))
    old.refresh_from_db()
    assert (old.status, new.status) == (Status.CANCELLED, Status.CONFIRMED)


def test_book_for_a_patient(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/patients/", width=width)
    known = set(Appointment.objects.values_list("uid", flat=True))
    desk.follow("Petra Sommer")
    desk.page.get_by_role("link", name="Book for this patient").click()
    desk.page.locator("a.slot").first.click()
    desk.page.get_by_role("button", name="Book appointment").click()

    desk.says("Appointment booked.")
    new = Appointment.objects.exclude(uid__in=known).get()
    assert (new.status, new.patient) == (Status.CONFIRMED, desk.things.patient)
    expect(desk.page).to_have_url(re.compile(f"/admin/appointments/{new.uid}/$"))


def test_find_and_cancel_without_javascript(open_page: OpenPage, width: int) -> None:
    desk = sit_down(open_page, "/admin/search/", width=width, javascript=False)
    page, visit = desk.page, desk.things.booked
    page.locator("[data-search]").fill("Sommer")
    page.locator("[data-search]").press("Enter")
    page.get_by_role("main").get_by_role("link", name="Petra Sommer").first.click()
    page.locator(f"a[href='/admin/appointments/{visit.uid}/']").first.click()
    desk.follow("Cancel")
    page.get_by_role("button", name="Cancel appointment").click()
    if page.url.endswith("/cancel/"):  # the browser itself, or we, asked for the reason first
        page.get_by_label("Reason").fill("Booked by mistake")
        page.get_by_role("button", name="Cancel appointment").click()

    desk.says("Appointment cancelled.")
    visit.refresh_from_db()
    assert (visit.status, visit.cancellation_reason) == (Status.CANCELLED, "Booked by mistake")
