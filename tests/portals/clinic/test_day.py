"""The day: a column per doctor, what is drawn where, and the way to cancel a sick doctor's visits."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment
from appointments.status import Status
from availability.models import AvailabilityWindow, BookingStop, TimeOff
from organisations.models import Doctor, Organisation
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.appointments.day_columns import Column, Day, day_of
from portals.clinic.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR, MINUTE
from tests.factories import (
    NOW,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_window,
)
from tests.standing import Stand, patched

from .front_desk import FrontDesk, stand_up, url, words

BERLIN = "Europe/Berlin"
MONDAY = date(2027, 3, 1)  # NOW: 09:00 in Berlin
# Doctors, visits, schedules.
DAY_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 3


@pytest.fixture(scope="module")
def standing_desk(stand: Stand) -> FrontDesk:
    return stand(patched(_mondays))


def _mondays(monkeypatch: pytest.MonkeyPatch) -> FrontDesk:
    """One doctor, Mondays nine to five."""
    desk = stand_up(monkeypatch)
    AvailabilityWindow.objects.all().delete()
    make_window(doctor=desk.clinic.doctor)
    return desk


def visit_of(desk: FrontDesk, starts_at: datetime, **fields: Any) -> Appointment:
    given = {
        "patient": desk.clinic.new_patient(),
        "doctor": desk.clinic.doctor,
        "appointment_type": desk.clinic.kind,
        **fields,
    }
    return make_appointment(starts_at=starts_at, **given)


def drawn(desk: FrontDesk, day: date = MONDAY, now: datetime = NOW) -> Day:
    return day_of(desk.clinic.organisation, day, zone=BERLIN, now=now)


def column(desk: FrontDesk, **arguments: Any) -> Column:
    (only,) = drawn(desk, **arguments).columns
    return only


def test_visits_stand_at_their_time_with_their_length(desk: FrontDesk) -> None:
    visit = visit_of(desk, NOW + HOUR)

    (block,) = column(desk).visits

    assert (block.starts, block.ends) == ("10:00", "10:30")
    assert str(block.place) == "at-h1 at-m0 for-h0 for-m30"  # an hour below the axis' first
    assert block.url == url("appointment", visit.uid)


def test_the_axis_spans_hours_and_visits_to_full_hours(desk: FrontDesk) -> None:
    assert [label for _, label in drawn(desk).hours][::7] == ["09:00", "16:00"]

    visit_of(desk, NOW - 90 * MINUTE)  # 07:30, before the window

    labels = [label for _, label in drawn(desk).hours]
    assert (labels[0], labels[-1]) == ("07:00", "16:00")


def test_off_hours_are_what_windows_leave_and_time_off_takes(desk: FrontDesk) -> None:
    visit_of(desk, NOW - HOUR)  # opens the axis at 08:00
    TimeOff.objects.create(
        organisation=desk.clinic.organisation,
        doctor=desk.clinic.doctor,
        start_date=MONDAY,
        start_minute=12 * 60,
        end_date=MONDAY,
        end_minute=13 * 60,
    )

    closed = [str(place) for place in column(desk).closed]

    assert closed == ["at-h0 at-m0 for-h1 for-m0", "at-h4 at-m0 for-h1 for-m0"]


@pytest.mark.parametrize(
    ("status", "is_drawn"),
    [
        (Status.HELD, True),
        (Status.CONFIRMED, True),
        (Status.COMPLETED, True),
        (Status.NO_SHOW, True),
        (Status.CANCELLED, False),
        (Status.EXPIRED, False),
    ],
)
def test_only_what_takes_or_took_place_is_drawn(
    desk: FrontDesk, status: Status, is_drawn: bool
) -> None:
    visit_of(desk, NOW + HOUR, status=status)

    assert [block.status for block in column(desk).visits] == ([status] if is_drawn else [])


def test_a_hold_is_dashed_until_it_runs_out(desk: FrontDesk) -> None:
    visit_of(desk, NOW + HOUR, status=Status.HELD, hold_expires_at=NOW + MINUTE)

    page = desk.admin.get(url("day"))

    assert 'class="day-visit is-held' in page.content.decode()
    assert "Held" in words(page)
    assert column(desk, now=NOW + MINUTE).visits == []


def test_a_visit_over_midnight_is_on_both_days_cut_at_midnight(desk: FrontDesk) -> None:
    visit_of(desk, datetime(2027, 3, 1, 22, 45, tzinfo=UTC))  # 23:45 to 00:15 in Berlin

    monday = drawn(desk).columns[0].visits[0]
    tuesday = drawn(desk, date(2027, 3, 2)).columns[0].visits[0]

    assert str(monday.place) == "at-h14 at-m45 for-h0 for-m15"
    assert str(tuesday.place) == "at-h0 at-m0 for-h0 for-m15"


def test_doctors_elsewhere_name_their_zone_and_stand_in_ours(desk: FrontDesk) -> None:
    far = make_doctor(
        organisation=desk.clinic.organisation, display_name="Dr Far", timezone="America/New_York"
    )
    make_window(doctor=far, start="09:00", end="12:00")  # 15:00 to 18:00 in Berlin

    theirs, ours = drawn(desk).columns

    assert (theirs.doctor, theirs.zone, ours.zone) == (far, "America/New_York, EST", "")
    assert [str(place) for place in theirs.closed] == ["at-h0 at-m0 for-h6 for-m0"]


def test_a_short_day_of_the_change_of_clocks_is_as_long_as_it_is(desk: FrontDesk) -> None:
    for weekday in range(7):
        make_window(doctor=make_late(desk), weekday=weekday, start="00:00", end="24:00")

    spring, autumn = (
        [label for _, label in drawn(desk, day, datetime(2027, 1, 1, tzinfo=UTC)).hours]
        for day in (date(2027, 3, 28), date(2027, 10, 31))
    )

    assert (len(spring), spring[1:3]) == (23, ["01:00", "03:00"])
    assert (len(autumn), autumn[2:4]) == (25, ["02:00", "02:00 CET"])


def make_late(desk: FrontDesk) -> Doctor:
    return Doctor.objects.filter(display_name="Dr Late").first() or make_doctor(
        organisation=desk.clinic.organisation, display_name="Dr Late"
    )


def test_the_now_line_is_there_today_only(desk: FrontDesk) -> None:
    line = drawn(desk, now=NOW + 20 * MINUTE).now_line

    assert str(line).startswith("at-h0 at-m20 ")
    assert drawn(desk, MONDAY + timedelta(days=7)).now_line is None


def test_doctors_with_neither_hours_nor_visits_are_named_below(desk: FrontDesk) -> None:
    organisation = desk.clinic.organisation
    idle = make_doctor(organisation=organisation, display_name="Dr Idle")
    gone = make_doctor(organisation=organisation, display_name="Dr Gone", is_active=False)
    make_window(doctor=gone)

    day = drawn(desk)
    assert (day.away, [each.doctor for each in day.columns]) == ([idle], [desk.clinic.doctor])

    visit_of(desk, NOW + HOUR, doctor=gone)
    assert gone in [each.doctor for each in drawn(desk).columns]


def test_one_that_met_a_visit_closed_early_stands_beside_it(desk: FrontDesk) -> None:
    visit_of(desk, NOW, status=Status.COMPLETED)
    visit_of(desk, NOW + 15 * MINUTE)

    assert [block.is_beside for block in column(desk).visits] == [False, True]


def test_a_stop_in_force_is_marked(desk: FrontDesk) -> None:
    BookingStop.objects.create(
        organisation=desk.clinic.organisation,
        doctor=desk.clinic.doctor,
        reason="Ill",
        created_at=NOW,
    )

    assert column(desk).is_stopped
    assert "Stopped" in words(desk.admin.get(url("day")))


def test_cancelling_a_sick_doctors_day_leads_to_exactly_those_visits(desk: FrontDesk) -> None:
    other = make_doctor(organisation=desk.clinic.organisation)
    visit_of(desk, NOW - HOUR)
    mine = [visit_of(desk, NOW + n * HOUR) for n in (1, 3)]
    visit_of(desk, NOW + 2 * HOUR, doctor=other)
    visit_of(desk, NOW + timedelta(days=1))

    html = desk.operations.get(url("day")).content.decode()
    links = [
        part.split('"')[0].replace("&amp;", "&")
        for part in html.split('href="')[1:]
        if part.startswith(url("appointments-cancel"))
    ]
    (link,) = [link for link in links if desk.clinic.doctor.uid in link]
    going = desk.operations.get(link).context["going"]

    assert [row.visit.uid for row in going] == [visit.uid for visit in mine]


def test_a_day_that_is_over_offers_nothing_to_cancel(desk: FrontDesk) -> None:
    visit_of(desk, NOW - timedelta(days=7), status=Status.COMPLETED)

    page = desk.admin.get(url("day"), {"date": "2027-02-22"})

    assert "1 visit" in words(page)
    assert "Cancel day" not in words(page)


@pytest.mark.parametrize("text", ["nonsense", "2027-02-30", "0001-01-01", "9999-12-31", "\0"])
def test_nonsense_as_a_date_is_today_with_a_message(desk: FrontDesk, text: str) -> None:
    page = desk.admin.get(url("day"), {"date": text})

    assert page.context["shown"] == MONDAY
    assert "That is no date that can be shown." in words(page)


@pytest.mark.parametrize("text", ["1970-01-01", "2099-12-31"])
def test_the_first_and_the_last_date_can_be_shown(desk: FrontDesk, text: str) -> None:
    page = desk.admin.get(url("day"), {"date": text})

    assert page.context["shown"].isoformat() == text


def test_the_days_before_and_after_are_linked(desk: FrontDesk) -> None:
    context = desk.admin.get(url("day"), {"date": "2027-03-01"}).context

    assert context["previous_url"] == f"{url('day')}?date=2027-02-28"
    assert context["next_url"] == f"{url('day')}?date=2027-03-02"


def test_a_phone_shows_the_doctor_asked_for_else_the_first(desk: FrontDesk) -> None:
    second = make_doctor(organisation=desk.clinic.organisation, display_name="Dr Zed")
    make_window(doctor=second)

    assert desk.admin.get(url("day")).context["chosen"] == desk.clinic.doctor.uid
    assert desk.admin.get(url("day"), {"doctor": second.uid}).context["chosen"] == second.uid
    assert (
        desk.admin.get(url("day"), {"doctor": "doc-x"}).context["chosen"] == desk.clinic.doctor.uid
    )


def test_another_organisations_day_is_its_own(desk: FrontDesk) -> None:
    other: Organisation = make_organisation(name="Southside Clinic")
    doctor = make_doctor(organisation=other, display_name="Dr Stranger")
    make_window(doctor=doctor)
    make_appointment(
        patient=make_patient(shop=make_shop(organisation=other), last_name="Stranger"),
        doctor=doctor,
        appointment_type=make_type(organisation=other),
        starts_at=NOW + HOUR,
    )

    assert "Stranger" not in words(desk.admin.get(url("day")))


def test_empty_days_say_so(desk: FrontDesk) -> None:
    assert "Nobody works on this day" in words(desk.admin.get(url("day"), {"date": "2027-03-02"}))


def test_nothing_on_the_page_is_styled_inline(desk: FrontDesk) -> None:
    visit_of(desk, NOW + HOUR)

    assert b"style=" not in desk.admin.get(url("day")).content


def test_it_costs_the_same_with_one_visit_and_with_three_of_two_doctors(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit_of(desk, NOW + HOUR)
    with django_assert_num_queries(DAY_QUERIES):
        desk.admin.get(url("day"))
    for n in (2, 3):
        visit_of(desk, NOW + n * HOUR, doctor=make_doctor(organisation=desk.clinic.organisation))
    with django_assert_num_queries(DAY_QUERIES):
        desk.admin.get(url("day"))
