"""A doctor walks into the next visit, says what became of it, cancels one and moves another."""

from datetime import timedelta

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from tests.factories import make_appointment, make_patient
from tests.portals.accounts.people import PASSWORD
from tests.portals.browsers import sign_in
from tests.portals.clinic.front_desk import fresh
from tests.portals.everything import Everything, make_everything

from .conftest import WIDTHS, OpenPage, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("width", WIDTHS),
]


@pytest.fixture
def things() -> Everything:
    return make_everything(utc_now())


def running(things: Everything) -> Appointment:
    """A visit of the doctor's that began a minute ago, with a patient called Petra Sommer."""
    now = utc_now()
    patient = make_patient(shop=things.clinic.shop, first_name="Petra", last_name="Sommer")
    return make_appointment(
        patient=patient,
        doctor=things.clinic.doctor,
        appointment_type=things.clinic.kind,
        starts_at=now.replace(second=0, microsecond=0) - timedelta(minutes=1),
        now=now - timedelta(days=1),
    )


def says(page: Page, text: str) -> None:
    expect(page.get_by_text(text).first).to_be_visible()


def test_a_doctor_signs_in_joins_and_says_what_became_of_the_visit(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    visit = running(things)
    page = open_page(None, "/accounts/login/", width=width)
    page.get_by_label("E-mail address").fill(things.doctor_user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", name="Today", level=1)).to_be_visible()
    expect(page.get_by_role("link", name="Petra Sommer").first).to_be_visible()
    join = page.get_by_role("link", name="Join the visit (opens a new tab)")
    expect(join).to_have_attribute("href", reverse("doctor:appointment-join", args=[visit.uid]))

    page.get_by_role("button", name="Completed for Petra Sommer").click()
    says(page, "Marked as completed.")
    assert fresh(visit).status == Status.COMPLETED
    page.get_by_role("button", name="Correct to no-show for Petra Sommer").click()
    says(page, "Marked as a no-show.")
    assert fresh(visit).status == Status.NO_SHOW
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Correct to no-show for Petra Sommer")).to_be_visible()
    assert fresh(visit).status == Status.COMPLETED


def test_a_doctor_cancels_with_a_reason_and_books_again(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    jane, visit = sign_in(things.doctor_user), things.booked
    page = open_page(jane, reverse("doctor:appointment", args=[visit.uid]), width=width)
    page.get_by_role("link", name="Cancel", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Tell the patient")).to_be_visible()
    dialog.get_by_label("Message to the patient").fill("I am sorry.")
    dialog.get_by_label("Reason").fill(" ")
    dialog.get_by_role("button", name="Cancel appointment").click()
    expect(dialog.get_by_text("Say why.").first).to_be_visible()
    expect(dialog.get_by_label("Message to the patient")).to_have_value("I am sorry.")
    dialog.get_by_label("Reason").fill("I am ill")
    dialog.get_by_role("button", name="Cancel appointment").click()

    says(page, "Appointment cancelled.")
    assert fresh(visit).cancellation_reason == "I am ill"
    page.get_by_role("link", name="Book again").click()
    expect(page.get_by_role("heading", name="Book again", level=1)).to_be_visible()
    page.locator("a.slot").first.click()
    page.get_by_role("button", name="Book appointment").click()
    says(page, "Booked again. This is the new appointment.")


def test_a_usual_reason_is_one_press_and_any_other_is_typed(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    jane, visit = sign_in(things.doctor_user), things.booked
    path = reverse("doctor:appointment-cancel", args=[visit.uid])
    page = open_page(jane, path, width=width)
    ill = page.get_by_role("button", name="Doctor is ill")
    ill.click()
    reason = page.get_by_label("Reason")
    expect(reason).to_have_value("Doctor is ill")
    expect(ill).to_have_attribute("aria-pressed", "true")
    assert violations(page) == []
    reason.fill("Doctor is ill, back on Monday")
    expect(ill).to_have_attribute("aria-pressed", "false")
    page.get_by_role("button", name="Booked by mistake").click()
    page.get_by_role("button", name="Cancel appointment").click()

    says(page, "Appointment cancelled.")
    assert fresh(visit).cancellation_reason == "Booked by mistake"


def test_without_javascript_the_reason_is_a_plain_field(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    jane, visit = sign_in(things.doctor_user), things.booked
    path = reverse("doctor:appointment-cancel", args=[visit.uid])
    page = open_page(jane, path, width=width, javascript=False)
    expect(page.get_by_text("Doctor is ill")).to_be_hidden()
    page.get_by_label("Reason").fill("I am ill")
    page.get_by_role("button", name="Cancel appointment").click()

    says(page, "Appointment cancelled.")
    assert fresh(visit).cancellation_reason == "I am ill"


@pytest.mark.parametrize("javascript", [True, False])
def test_a_doctor_moves_a_visit_also_without_javascript(
    open_page: OpenPage, things: Everything, width: int, javascript: bool
) -> None:
    jane, visit = sign_in(things.doctor_user), things.booked
    path = f"{reverse('doctor:appointments')}?dates=next-7-days"
    page = open_page(jane, path, width=width, javascript=javascript)
    row = page.locator(f"a[href='{reverse('doctor:appointment', args=[visit.uid])}']")
    row.first.click()
    page.get_by_role("link", name="Move to another time").click()
    page.locator("a.slot").nth(3).click()
    page.get_by_role("button", name="Move appointment").click()

    says(page, "Appointment moved. This is the new one.")
    new = Appointment.objects.get(previous=visit)
    assert (fresh(visit).status, new.doctor) == (Status.CANCELLED, visit.doctor)


def test_the_day_and_the_week_work_without_javascript(
    open_page: OpenPage, things: Everything, width: int
) -> None:
    visit = running(things)
    jane = sign_in(things.doctor_user)
    page = open_page(jane, reverse("doctor:today"), width=width, javascript=False)
    page.get_by_role("button", name="No-show for Petra Sommer").click()
    expect(page.get_by_role("button", name="Correct to completed for Petra Sommer")).to_be_visible()
    says(page, "Marked as a no-show.")
    assert fresh(visit).status == Status.NO_SHOW

    page.goto(reverse("doctor:appointments-week"))
    page.get_by_role("link", name="Next week").click()
    page.get_by_role("link", name="This week").click()
    expect(page.get_by_role("heading", name="Week", level=1)).to_be_visible()
