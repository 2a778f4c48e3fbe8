"""The patient's two links: the join page and the visit's page (behaviour 22)."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from icalendar import Calendar

from appointments import lifecycle, links, rooms
from appointments.models import Appointment
from appointments.status import Status
from tests.factories import (
    ADMIN,
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    open_all_week,
)
from tests.portals.booking.by_link import LinkHolder, path_of

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
START = NOW + timedelta(days=1)


@pytest.fixture
def visit() -> Appointment:
    """30 minutes on Tuesday, 2 March 2027, 08:00 UTC, of a patient in Lisbon."""
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation)
    open_all_week(doctor)
    shop = make_shop(organisation=organisation)
    shop.privacy_notice_url = "https://shop.example/privacy"
    shop.imprint_url = "https://shop.example/imprint"
    shop.save()
    return make_appointment(
        patient=make_patient(
            shop=shop, first_name="Canaryfirst", last_name="Canary", timezone="Europe/Lisbon"
        ),
        doctor=doctor,
        appointment_type=make_type(organisation=organisation, doctors=[doctor]),
        starts_at=START,
    )


@pytest.fixture
def visitor(monkeypatch: pytest.MonkeyPatch) -> LinkHolder:
    return LinkHolder(monkeypatch)


def room_link(visit: Appointment) -> str:
    return f"{urlsplit(links.join_url(visit)).path}/room"


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (START - 10 * MINUTE - timedelta(seconds=1), False),
        (START - 10 * MINUTE, True),
        (START + 90 * MINUTE - timedelta(seconds=1), True),
        (START + 90 * MINUTE, False),
    ],
)
def test_the_way_into_the_room_is_open_in_its_span_only(
    visit: Appointment, visitor: LinkHolder, at: datetime, is_open: bool
) -> None:
    page = visitor.text(links.join_url(visit), at=at)
    entry = visitor.get(room_link(visit), at=at)
    room = rooms.room_of(visit.doctor).name

    assert (room_link(visit) in page) is is_open
    assert (room in entry.headers["Location"]) is is_open
    assert entry.status_code == 302
    assert room not in page


def test_outside_the_span_the_page_says_when_to_come_back(
    visit: Appointment, visitor: LinkHolder
) -> None:
    early = visitor.text(links.join_url(visit), at=NOW)
    late = visitor.text(links.join_url(visit), at=START + 90 * MINUTE)

    assert "Come back to join from Tuesday, 2 March 2027, 07:50 (Europe/Lisbon, WET)." in early
    assert "08:00 (Europe/Lisbon, WET)" in early
    assert "Dr Jane Hill" in early
    assert "The time to join this appointment has passed." in late
    entry = visitor.get(room_link(visit), at=NOW)
    assert entry.headers["Location"] == urlsplit(links.join_url(visit)).path


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.NO_SHOW])
def test_joining_still_works_after_somebody_closed_the_visit_early(
    visit: Appointment, visitor: LinkHolder, status: Status
) -> None:
    Appointment.objects.filter(pk=visit.pk).update(status=status)

    assert room_link(visit) in visitor.text(links.join_url(visit), at=START + 40 * MINUTE)


def test_after_a_rebook_both_links_lead_to_the_new_visit(
    visit: Appointment, visitor: LinkHolder
) -> None:
    second = lifecycle.rebook(visit, starts_at=START + timedelta(days=1), actor=ADMIN, now=NOW)
    third = lifecycle.rebook(second, starts_at=START + timedelta(days=2), actor=ADMIN, now=NOW)

    joins = urlsplit(links.join_url(third)).path
    assert visitor.get(links.join_url(visit)).headers["Location"] == joins
    assert visitor.get(links.manage_url(visit)).headers["Location"] == path_of(third)
    assert visitor.get(room_link(visit), at=START).headers["Location"] == joins
    page = visitor.text(links.manage_url(third))
    assert "Moved from" in page
    assert "Wednesday, 3 March 2027, 08:00 (Europe/Lisbon, WET)" in page


def test_a_cancelled_visit_says_so_with_the_message_and_without_the_reason(
    visit: Appointment, visitor: LinkHolder
) -> None:
    lifecycle.cancel(visit, reason="double booked", message="So sorry!", actor=ADMIN, now=NOW)

    for url in (links.join_url(visit), links.manage_url(visit)):
        page = visitor.text(url, at=START)
        assert "This appointment has been cancelled. It will not take place." in page
        assert "So sorry!" in page
        assert "double booked" not in page
        assert room_link(visit) not in page
    assert visitor.get(room_link(visit), at=START).headers["Location"].startswith("/join/")


def test_the_page_says_what_a_hold_is_until_it_has_run_out(
    visit: Appointment, visitor: LinkHolder
) -> None:
    Appointment.objects.filter(pk=visit.pk).update(
        status=Status.HELD, confirmed_at=None, hold_expires_at=NOW + 15 * MINUTE
    )

    assert "reserved for you until Monday, 1 March 2027, 08:15" in visitor.text(
        links.manage_url(visit)
    )
    assert "The reservation ran out" in visitor.text(links.manage_url(visit), at=NOW + 15 * MINUTE)


def test_the_visits_page_has_all_there_is_to_know(visit: Appointment, visitor: LinkHolder) -> None:
    page = visitor.text(links.manage_url(visit))

    for part in (
        "Confirmed",
        "Tuesday, 2 March 2027",
        "08:00 (Europe/Lisbon, WET)",
        "30 minutes",
        "Dr Jane Hill",
        urlsplit(links.join_url(visit)).path,
        "You can join from 10 minutes before the start.",
        "You can move or cancel it until Tuesday, 2 March 2027, 07:00 (Europe/Lisbon, WET).",
        "/appointment.ics",
        "Northside Shop",
        "mailto:hello@shop.example",
        "https://shop.example/privacy",
        "https://shop.example/imprint",
    ):
        assert part in page
    assert "too close to the start to move or cancel it here" in visitor.text(
        links.manage_url(visit), at=START - 59 * MINUTE
    )


def test_neither_page_names_the_patient_and_joining_does_not_yield_managing(
    visit: Appointment, visitor: LinkHolder
) -> None:
    page = visitor.text(links.join_url(visit), at=START)

    assert "Canary" not in page + visitor.text(links.manage_url(visit))
    assert "/visit/" not in page
    assert "Canary" not in visitor.get(room_link(visit), at=START).headers["Location"]


def test_the_calendar_file_is_the_visit_as_it_stands(
    visit: Appointment, visitor: LinkHolder
) -> None:
    url = f"{links.manage_url(visit)}/appointment.ics"
    response = visitor.get(url)
    (event,) = Calendar.from_ical(response.content).walk("VEVENT")
    lifecycle.cancel(visit, reason="ill", actor=ADMIN, now=NOW)

    assert response.headers["Content-Type"].startswith("text/calendar")
    assert event.decoded("DTSTART") == START
    assert b"METHOD:CANCEL" in visitor.get(url).content


def test_there_is_no_calendar_file_of_a_hold(visit: Appointment, visitor: LinkHolder) -> None:
    Appointment.objects.filter(pk=visit.pk).update(
        status=Status.HELD, confirmed_at=None, hold_expires_at=NOW + 15 * MINUTE
    )

    assert visitor.get(f"{links.manage_url(visit)}/appointment.ics").status_code == 302


def test_unknown_cut_off_and_swapped_links_are_a_friendly_404(
    visit: Appointment, visitor: LinkHolder
) -> None:
    join, manage = urlsplit(links.join_url(visit)).path, urlsplit(links.manage_url(visit)).path
    absent = "/join/mtg-2222222222222222222222." + "a" * 22
    swapped = join.replace("/join/", "/visit/"), manage.replace("/visit/", "/join/")
    pages = [
        visitor.get(url) for url in (absent, join[:-1], "/visit/x", f"{absent}/room", *swapped)
    ]

    assert {page.status_code for page in pages} == {404}
    assert len({page.content for page in pages}) == 1
    assert b"This link does not work" in pages[0].content


def test_the_browser_keeps_and_passes_on_nothing(visit: Appointment, visitor: LinkHolder) -> None:
    urls = (links.join_url(visit), links.manage_url(visit), room_link(visit), "/join/unknown")
    for url in urls:
        headers = visitor.get(url, at=START).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["X-Robots-Tag"] == "noindex, nofollow"
        assert "script-src 'self';" in headers["Content-Security-Policy"]


def test_pages_hold_nothing_inline_and_nothing_from_elsewhere(
    visit: Appointment, visitor: LinkHolder
) -> None:
    for page in (visitor.text(links.join_url(visit), at=START), visitor.text("/")):
        assert "style=" not in page
        assert "<script>" not in page
        assert 'src="http' not in page
        assert 'rel="stylesheet" href="/static/' in page


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_only_reading_is_possible_and_reading_changes_nothing(
    visit: Appointment, visitor: LinkHolder, method: str
) -> None:
    before = Appointment.objects.values().get(pk=visit.pk)
    for url in (links.join_url(visit), links.manage_url(visit), room_link(visit)):
        visitor.get(url, at=START)
        assert getattr(Client(), method)(urlsplit(url).path).status_code == 405

    assert Appointment.objects.values().get(pk=visit.pk) == before


def test_the_patients_language_is_spoken(visit: Appointment, visitor: LinkHolder) -> None:
    visit.patient.language = "de"
    visit.patient.save()
    page = visitor.text(links.manage_url(visit))

    assert '<html lang="de">' in page
    assert "Dienstag, 2" in page


def test_the_landing_page_leads_on() -> None:
    page = Client().get("/").content.decode()

    assert 'href="/v1/scheduling/apidocs"' in page
    assert 'href="/staff/"' in page
