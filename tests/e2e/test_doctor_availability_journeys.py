"""A doctor keeps the week in the browser: what is saved is what the preview shows and the partner API lists."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import httpx
import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from appointments import availability_edits
from availability.models import AvailabilityWindow, TimeOff
from availability.values import WindowValues
from availability.windows import instant
from common.clock import utc_now, zone
from organisations.models import Doctor
from tests.appointments.clinic import Clinic, make_clinic
from tests.factories import ADMIN, make_appointment, make_user, make_window
from tests.portals.accounts.people import PASSWORD
from tests.portals.browsers import sign_in

from .conftest import SCHEMES, WIDTHS, OpenPage, overflow, violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.parametrize("width", WIDTHS),
]
TUESDAY, THURSDAY = 1, 3
PATH = "/doctor/availability/"


@dataclass(frozen=True)
class Surgery:
    """A doctor without hours, whose clinic a partner may ask for slots."""

    clinic: Clinic
    doctor: Doctor
    server: str

    @property
    def email(self) -> str:
        assert self.doctor.user is not None
        return self.doctor.user.email

    def open(self, open_page: OpenPage, *, width: int, javascript: bool = True) -> Page:
        assert self.doctor.user is not None
        client = sign_in(self.doctor.user)
        return open_page(client, PATH, width=width, javascript=javascript)

    def today(self) -> date:
        return utc_now().astimezone(zone(self.doctor.timezone)).date()

    def next(self, weekday: int) -> date:
        """That day of next week: it is not today, and not over."""
        today = self.today()
        return today + timedelta(days=7 - today.weekday() + weekday)

    def listed(self, day: date) -> int:
        """How many starts of that date the partner API lists."""
        start, end = (instant(self.doctor.timezone, day.toordinal() + ahead, 0) for ahead in (0, 1))
        query: dict[str, str | int] = {
            "shop_uid": self.clinic.shop.uid,
            "appointment_type_uid": self.clinic.kind.uid,
            "from": start,
            "to": end,
        }
        answer = httpx.get(f"{self.server}/v1/scheduling/slots", params=query)
        assert answer.status_code == 200
        return len(answer.json()["data"])


@pytest.fixture
def surgery(live_server: LiveServer) -> Surgery:
    clinic = make_clinic()
    AvailabilityWindow.objects.all().delete()
    doctor = clinic.doctor
    doctor.user = make_user(name=doctor.display_name)
    doctor.save()
    return Surgery(clinic, doctor, live_server.url)


def add(page: Page, day: str, start: str, end: str) -> None:
    """Types the hours into the row of the day, without saving."""
    page.get_by_role("link", name=f"Add hours on {day}").click()
    form = page.get_by_role("form", name=f"Add hours on {day}")
    expect(form.get_by_label("From", exact=True)).to_be_focused()
    form.get_by_label("From", exact=True).fill(start)
    form.get_by_label("To", exact=True).fill(end)


def preview_of(page: Page, day: date) -> str:
    return page.locator(f"[data-date='{day.isoformat()}']").inner_text()


def test_tuesday_is_added_and_copied_to_thursday(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    tuesday, thursday = surgery.next(TUESDAY), surgery.next(THURSDAY)
    page = open_page(None, PATH, width=width)
    page.get_by_label("E-mail address").fill(surgery.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Availability", level=1)).to_be_visible()
    assert "No hours" in preview_of(page, tuesday)
    assert surgery.listed(tuesday) == 0

    add(page, "Tuesday", "9", "12")
    expect(page.get_by_text("Tuesday 09:00 to 12:00: 3 h.")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Added Tuesday 09:00–12:00.")).to_be_visible()
    expect(page.locator(f"[data-date='{tuesday.isoformat()}']")).to_contain_text("6 times")
    assert surgery.listed(tuesday) == 6
    assert surgery.listed(thursday) == 0

    page.get_by_role("link", name="Copy Tuesday to other days").click()
    page.get_by_label("Thursday: no hours").check()
    expect(page.get_by_text("Thursday will be as Tuesday is.")).to_be_visible()
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_text("Copied Tuesday to Thursday.")).to_be_visible()
    expect(page.locator(f"[data-date='{thursday.isoformat()}']")).to_contain_text("6 times")
    assert surgery.listed(thursday) == 6


def test_an_overlap_is_met_on_both_rows(open_page: OpenPage, surgery: Surgery, width: int) -> None:
    make_window(doctor=surgery.doctor, weekday=TUESDAY, start="09:00", end="12:00")
    make_window(doctor=surgery.doctor, weekday=THURSDAY, start="14:00", end="16:00")
    page = surgery.open(open_page, width=width)
    add(page, "Tuesday", "11", "1 pm")
    row, form = page.locator("#week .window").first, page.locator("#day-1 form")
    expect(form).to_contain_text("Overlaps Tuesday 09:00–12:00.")
    expect(row.get_by_text("Overlaps")).to_be_visible()

    form.get_by_role("button", name="Add").click()
    expect(form.get_by_role("alert")).to_contain_text("overlaps Tuesday 09:00–12:00")
    expect(form.get_by_role("alert")).to_be_focused()
    expect(row.get_by_text("Overlaps")).to_be_visible()
    expect(form.get_by_label("To", exact=True)).to_have_value("1 pm")

    # Another row is removed and brought back meanwhile: what is typed here stays.
    page.get_by_role("button", name="Remove Thursday 14:00–16:00").click()
    expect(page.get_by_text("Removed Thursday 14:00–16:00.")).to_be_visible()
    expect(page.get_by_role("link", name="Add hours on Thursday")).to_be_focused()
    expect(form.get_by_label("From", exact=True)).to_have_value("11")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Remove Thursday 14:00–16:00")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect(page.get_by_role("link", name="Add hours on Thursday")).to_be_focused()
    expect(form.get_by_label("From", exact=True)).to_have_value("11")

    form.get_by_label("From", exact=True).fill("12")
    expect(row.get_by_text("Overlaps")).to_be_hidden()
    form.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Added Tuesday 12:00–13:00.")).to_be_visible()
    expect(page.get_by_role("link", name="Add hours on Tuesday")).to_be_focused()
    assert surgery.listed(surgery.next(TUESDAY)) == 8


def book_two(surgery: Surgery, day: date) -> None:
    """At nine and ten, UTC."""
    for hour in (9, 10):
        make_appointment(
            patient=surgery.clinic.new_patient(),
            doctor=surgery.doctor,
            appointment_type=surgery.clinic.kind,
            starts_at=datetime.combine(day, time(hour), tzinfo=UTC),
            now=utc_now(),
        )


def test_a_week_off_with_two_booked_visits_inside(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    day = surgery.next(TUESDAY)
    make_window(doctor=surgery.doctor, weekday=TUESDAY, start="00:00", end="24:00")
    book_two(surgery, day)
    page = surgery.open(open_page, width=width)
    page.get_by_role("link", name="Time off", exact=True).click()
    form = page.get_by_role("form", name="Time off")
    form.get_by_label("First day", exact=True).fill(surgery.next(0).isoformat())
    form.get_by_label("Last day", exact=True).fill(surgery.next(6).isoformat())
    expect(form.get_by_text("2 booked visits lie inside.")).to_be_visible()
    form.get_by_role("button", name="Add time off").click()

    outside = page.get_by_role("region", name="2 booked visits outside your hours")
    expect(outside.get_by_role("listitem")).to_have_count(2)
    assert TimeOff.objects.count() == 1
    assert surgery.listed(day) == 0
    expect(page.locator(f"[data-date='{day.isoformat()}']")).to_contain_text("Time off")
    for act in ("Rebook", "Cancel"):
        expect(outside.get_by_role("link", name=act)).to_have_count(2)

    outside.get_by_role("button", name="Keep all 2").click()
    expect(page.get_by_text("Kept 2 visits: as booked.")).to_be_visible()
    expect(outside).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(outside.get_by_role("listitem")).to_have_count(2)

    outside.get_by_role("button", name="Keep the visit").first.click()
    left = page.get_by_role("region", name="1 booked visit outside your hours")
    expect(left.get_by_role("listitem")).to_have_count(1)
    left.get_by_role("link", name="Cancel").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel")


def test_the_second_of_two_tabs_is_told_and_loses_nothing(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    window = make_window(doctor=surgery.doctor, weekday=TUESDAY, start="09:00", end="12:00")
    page = surgery.open(open_page, width=width)
    form = change_tuesday(page)
    form.get_by_label("To", exact=True).fill("11")
    changed = WindowValues(TUESDAY, 600, 720)
    availability_edits.change_window(window, changed, actor=ADMIN, now=utc_now())
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("They are now Tuesday 10:00–12:00. Save again to replace them.")
    expect(form.get_by_label("To", exact=True)).to_have_value("11")
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("region", name="Changed by others")).to_contain_text("Ada Admin")
    expect(page.get_by_role("link", name="Change Tuesday")).to_contain_text("09:00–11:00")


def test_a_preview_that_comes_after_the_save_disturbs_nothing(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    """Its form is gone by then: nothing it brings has a place any more, and that is no error."""
    window = make_window(doctor=surgery.doctor, weekday=TUESDAY, start="09:00", end="12:00")
    page = surgery.open(open_page, width=width)
    page.route("**/effect/**", late)
    form = change_tuesday(page)
    with page.expect_request("**/effect/**"):
        form.get_by_label("To", exact=True).fill("11")
    availability_edits.change_window(
        window, WindowValues(TUESDAY, 600, 720), actor=ADMIN, now=utc_now()
    )
    with page.expect_response("**/effect/**"):
        form.get_by_role("button", name="Save").click()
        expect(form).to_contain_text("Save again to replace them.")
    page.wait_for_timeout(200)  # `open_page` looks for complaints


def change_tuesday(page: Page) -> Locator:
    """The opened form, once it has taken the focus: a machine types faster than that."""
    page.get_by_role("link", name="Change Tuesday").click()
    form = page.get_by_role("form", name="Change Tuesday")
    expect(form.get_by_label("From", exact=True)).to_be_focused()
    return form


def late(route: Route) -> None:
    """The answer as it is, once everything else has been answered."""
    answer = route.fetch()
    route.request.frame.page.wait_for_timeout(1500)
    route.fulfill(response=answer)


def test_all_of_it_works_without_javascript(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    page = surgery.open(open_page, width=width, javascript=False)
    add(page, "Tuesday", "22", "2")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("Added Tuesday 22:00–02:00 (next day).")).to_be_visible()
    page.get_by_role("link", name="Copy Tuesday to other days").click()
    page.get_by_label("Thursday: no hours").check()
    page.get_by_role("button", name="Copy", exact=True).click()
    add(page, "Tuesday", "23", "24:00")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#week .window").first.get_by_text("Overlaps")).to_be_visible()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("button", name="Remove Thursday 22:00–02:00 (next day)").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Added Thursday 22:00–02:00 (next day).")).to_be_visible()


def test_nothing_is_wrong_for_axe_with_every_form_open(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    make_window(doctor=surgery.doctor, weekday=TUESDAY, start="09:00", end="12:00")
    page = surgery.open(open_page, width=width)
    add(page, "Tuesday", "11", "13")
    page.get_by_role("link", name="Copy Tuesday to other days").wait_for(state="detached")
    page.get_by_role("link", name="Change Tuesday").click()
    page.get_by_role("link", name="Other hours on a date").click()
    page.get_by_role("link", name="Time off", exact=True).click()
    expect(page.locator("[data-slot-form]")).to_have_count(4)
    wrong = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wrong += [f"{scheme}: {found}" for found in violations(page)]

    assert wrong == []
    assert overflow(page) == 0


def test_what_was_typed_survives_an_expired_login(
    open_page: OpenPage, surgery: Surgery, width: int
) -> None:
    page = surgery.open(open_page, width=width)
    add(page, "Thursday", "8:15", "noonish")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_label("E-mail address").fill(surgery.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    form = page.get_by_role("form", name="Add hours on Thursday")
    expect(form.get_by_text("What you typed is still here")).to_be_visible()
    expect(form.get_by_label("From", exact=True)).to_have_value("8:15")
    expect(form.get_by_label("To", exact=True)).to_have_value("noonish")
