"""The appointment list: what each tab and filter shows, what the URL may say, and what a page costs."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from organisations.models import Doctor, Patient
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from portals.keyset import SIZE
from portals.visits import queries
from tests.appointments.clinic import HOUR, MINUTE
from tests.factories import (
    ADMIN,
    NOW,
    PATIENT,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)

from .front_desk import FrontDesk, url, words

# Doctors, types, the tabs' counts, the rows.
LIST_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 4
DAY = timedelta(days=1)


def visit_of(
    desk: FrontDesk,
    starts_at: datetime,
    status: Status = Status.CONFIRMED,
    *,
    patient: Patient | None = None,
    doctor: Doctor | None = None,
    kind: AppointmentType | None = None,
    **fields: Any,
) -> Appointment:
    return make_appointment(
        patient=patient or desk.clinic.new_patient(),
        doctor=doctor or desk.clinic.doctor,
        appointment_type=kind or desk.clinic.kind,
        starts_at=starts_at,
        status=status,
        **fields,
    )


def shown(desk: FrontDesk, **query: Any) -> list[str]:
    """The uids of the page, in order."""
    response = desk.admin.get(url("appointments"), query)
    assert response.status_code == 200
    return [row.visit.uid for row in response.context["rows"]]


def counts(desk: FrontDesk, **query: Any) -> dict[str, int | None]:
    response = desk.admin.get(url("appointments"), query)
    return {tab.label: tab.count for tab in response.context["tabs"]}


def test_upcoming_is_what_has_not_ended_held_or_confirmed_earliest_first(desk: FrontDesk) -> None:
    later = visit_of(desk, NOW + 2 * DAY)
    held = visit_of(desk, NOW + DAY, Status.HELD)
    visit_of(desk, NOW + HOUR, Status.CANCELLED)
    visit_of(desk, NOW - DAY)

    assert shown(desk) == [held.uid, later.uid]
    assert shown(desk, tab="held") == [held.uid]


def test_past_is_what_has_ended_latest_first(desk: FrontDesk) -> None:
    completed = visit_of(desk, NOW - DAY, Status.COMPLETED)
    missed = visit_of(desk, NOW - 2 * DAY, Status.NO_SHOW)
    nobody_said_yet = visit_of(desk, NOW - HOUR)
    visit_of(desk, NOW - 3 * DAY, Status.CANCELLED)
    visit_of(desk, NOW - 3 * HOUR, Status.EXPIRED)
    visit_of(desk, NOW + DAY)

    assert shown(desk, tab="past") == [nobody_said_yet.uid, completed.uid, missed.uid]


@pytest.mark.parametrize("status", [Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW])
@pytest.mark.parametrize("minutes", [0, 1, 29, 30, 31])
def test_a_visit_in_progress_is_in_one_list_never_in_both_or_neither(
    desk: FrontDesk, minutes: int, status: Status
) -> None:
    """Also one that was completed, or marked as a no-show, before its end."""
    visit = visit_of(desk, NOW - minutes * MINUTE, status)

    is_over = status != Status.CONFIRMED or minutes >= 30
    assert shown(desk, tab="upcoming") == ([] if is_over else [visit.uid])
    assert shown(desk, tab="past") == ([visit.uid] if is_over else [])


def test_the_longest_visit_of_all_is_upcoming_until_its_end(desk: FrontDesk) -> None:
    eight_hours = make_type(organisation=desk.clinic.organisation, duration_minutes=480)
    visit = visit_of(desk, NOW - timedelta(minutes=479), kind=eight_hours)

    assert shown(desk) == [visit.uid]


def test_a_hold_that_ran_out_reads_expired_before_the_manager_has_run(desk: FrontDesk) -> None:
    over = visit_of(desk, NOW + DAY, Status.HELD, hold_expires_at=NOW)

    assert shown(desk) == shown(desk, tab="held") == []
    assert shown(desk, tab="all") == shown(desk, tab="all", status="expired") == [over.uid]
    assert shown(desk, tab="all", status="held") == []
    page = words(desk.admin.get(url("appointments"), {"tab": "all"}))
    assert "Consultation Expired" in page


def test_a_running_hold_says_how_long_it_lasts(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portals.templatetags.ui.utc_now", lambda: NOW)
    visit_of(desk, NOW + DAY, Status.HELD, hold_expires_at=NOW + 12 * MINUTE)

    assert "Held runs out in 12 min" in words(desk.admin.get(url("appointments")))


def test_cancelled_shows_only_what_had_been_confirmed_and_marks_the_moved(desk: FrontDesk) -> None:
    old = desk.clinic.book(NOW + DAY)
    new = lifecycle.rebook(old, starts_at=NOW + DAY + HOUR, actor=PATIENT, now=NOW)
    cancelled = desk.clinic.book(NOW + 2 * DAY)
    lifecycle.cancel(cancelled, reason="ill", actor=ADMIN, now=NOW)
    let_go = desk.clinic.hold(NOW + 3 * DAY)
    lifecycle.cancel(let_go, actor=PATIENT, now=NOW)

    page = desk.admin.get(url("appointments"), {"tab": "cancelled"})

    rows = {row.visit.uid: row for row in page.context["rows"]}
    assert list(rows) == [cancelled.uid, old.uid]
    assert rows[old.uid].moved_to_url == url("appointment", new.uid)
    assert rows[cancelled.uid].moved_to_url == ""
    assert words(page).count("moved on") == 1
    assert "moved here" in words(desk.admin.get(url("appointments")))
    assert let_go.uid in shown(desk, tab="all")


def test_the_start_names_its_zone_and_the_doctors_time_where_it_differs(desk: FrontDesk) -> None:
    far = make_doctor(organisation=desk.clinic.organisation, timezone="Asia/Tokyo")
    visit_of(desk, NOW + HOUR)
    visit_of(desk, NOW + 8 * HOUR, doctor=far)

    here, there = desk.admin.get(url("appointments")).context["rows"]

    assert (here.starts, here.zone, here.doctors_time) == (
        "Mon 1 Mar, 10:00",
        "Europe/Berlin, CET",
        "",
    )
    assert there.doctors_time == "Tue 01:00 Asia/Tokyo, JST"


def test_filters_narrow_by_doctor_patient_type_and_several_statuses(desk: FrontDesk) -> None:
    organisation = desk.clinic.organisation
    doctor, kind = make_doctor(organisation=organisation), make_type(organisation=organisation)
    patient = desk.clinic.new_patient()
    theirs = visit_of(desk, NOW + DAY, doctor=doctor, kind=kind, patient=patient)
    held = visit_of(desk, NOW + HOUR, Status.HELD)
    gone = visit_of(desk, NOW + 2 * HOUR, Status.CANCELLED)

    assert shown(desk, doctor=doctor.uid) == [theirs.uid]
    assert shown(desk, type=kind.uid) == [theirs.uid]
    assert shown(desk, patient=patient.uid) == [theirs.uid]
    assert shown(desk, doctor=doctor.uid, type=desk.clinic.kind.uid) == []
    assert shown(desk, tab="all", status=["held", "cancelled"]) == [gone.uid, held.uid]


def test_dates_are_the_days_of_the_zone_the_page_is_shown_in(desk: FrontDesk) -> None:
    """NOW is Monday 09:00 in Berlin; its midnights are 23:00 UTC."""
    midnight = NOW.replace(hour=23)
    other = make_doctor(organisation=desk.clinic.organisation)
    visit_of(desk, midnight - DAY - MINUTE, doctor=other)
    first = visit_of(desk, midnight - DAY)
    last = visit_of(desk, midnight - MINUTE, doctor=other)
    tomorrow = visit_of(desk, midnight)

    assert shown(desk, tab="all", dates="today") == [last.uid, first.uid]
    assert shown(desk, tab="all", dates="tomorrow") == [tomorrow.uid]
    assert shown(desk, tab="all", **{"from": "2027-03-02", "to": "2027-03-02"}) == [tomorrow.uid]
    assert shown(desk, tab="all", dates="this-week") == [tomorrow.uid, last.uid, first.uid]


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("today", (0, 0)),
        ("yesterday", (-1, -1)),
        ("next-week", (7, 13)),
        ("next-7-days", (0, 6)),
        ("next-30-days", (0, 29)),
        ("last-7-days", (-6, 0)),
        ("last-30-days", (-29, 0)),
    ],
)
def test_presets_begin_and_end_where_they_say(
    desk: FrontDesk, name: str, days: tuple[int, int]
) -> None:
    inside = [visit_of(desk, NOW + n * DAY).uid for n in sorted(set(days))]
    for n in (days[0] - 1, days[1] + 1):
        visit_of(desk, NOW + n * DAY)

    assert shown(desk, tab="all", dates=name) == inside[::-1]


def test_chips_say_what_is_on_and_take_off_only_theirs(desk: FrontDesk) -> None:
    query = {"tab": "all", "doctor": desk.clinic.doctor.uid, "status": ["held", "expired"]}
    filters = desk.admin.get(url("appointments"), query).context["filters"]

    chips = {chip.label: QueryDict(chip.remove_url[1:]) for chip in filters.chips}

    assert list(chips) == [f"Doctor: {desk.clinic.doctor}", "Status: Held", "Status: Expired"]
    left = chips["Status: Held"]
    assert left.getlist("status") == ["expired"]
    assert left["doctor"] == desk.clinic.doctor.uid
    assert "doctor" not in chips[f"Doctor: {desk.clinic.doctor}"]
    assert filters.clear_url == "?tab=all"


def test_the_fields_for_dates_of_ones_own_stay_open_until_they_are_sent(desk: FrontDesk) -> None:
    """Choosing "From … to …" answers with the same list and the choice kept; half a date asks nothing."""
    visit = visit_of(desk, NOW + DAY)
    chosen = {"dates": "custom", "from": "", "to": ""}

    text = desk.admin.get(url("appointments"), chosen, headers={"HX-Request": "true"}).text

    assert '<option value="custom" selected>' in text
    assert "change from:#filter-dates" in text
    assert "change from:#filter-from" not in text
    assert 'class="chip"' not in text
    assert visit.uid in text


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("tab=nonsense", "There is no such tab."),
        ("doctor=doc-nobody", "The doctor asked for is not known"),
        ("type=%00", "The type asked for is not known"),
        ("patient=pp-%00", "The patient asked for is not known"),
        ("status=confused", "A status asked for is not known"),
        ("dates=someday", "Those dates are not known"),
        ("from=2027-02-30", "“From” is no date that can be used."),
        ("to=9999-12-31", "“To” is no date that can be used."),
        ("from=2027-03-02&to=2027-03-01", "The dates end before they begin"),
        ("page=nonsense", "That page is not known."),
        ("page=%00", "That page is not known."),
    ],
)
def test_nonsense_in_the_url_falls_back_with_a_message(
    desk: FrontDesk, query: str, problem: str
) -> None:
    visit = visit_of(desk, NOW + DAY)

    response = desk.admin.get(f"{url('appointments')}?{query}")

    assert response.status_code == 200
    assert problem in words(response)
    assert [row.visit.uid for row in response.context["rows"]] == [visit.uid]


def test_another_organisations_rows_and_filters_are_absent(desk: FrontDesk) -> None:
    other = make_organisation(name="Southside Clinic")
    doctor = make_doctor(organisation=other, display_name="Dr Stranger")
    patient = make_patient(shop=make_shop(organisation=other), last_name="Stranger")
    make_appointment(
        patient=patient,
        doctor=doctor,
        appointment_type=make_type(organisation=other),
        starts_at=NOW + DAY,
    )

    for query in ({}, {"patient": patient.uid}, {"doctor": doctor.uid}):
        response = desk.admin.get(url("appointments"), query)
        assert response.context["rows"] == []
        assert "Stranger" not in words(response)
    foreign = words(desk.admin.get(url("appointments"), {"patient": patient.uid}))
    absent = words(desk.admin.get(url("appointments"), {"patient": "pp-nobody"}))
    assert foreign == absent


def test_tabs_count_what_a_click_on_them_shows(desk: FrontDesk) -> None:
    visit_of(desk, NOW + DAY)
    visit_of(desk, NOW + 2 * DAY, Status.HELD)
    visit_of(desk, NOW - DAY, Status.COMPLETED)
    visit_of(desk, NOW + DAY, Status.CANCELLED, confirmed_at=NOW)
    visit_of(desk, NOW + 3 * DAY, Status.EXPIRED)

    tabs = {"Upcoming": 2, "Held": 1, "Past": 1, "Cancelled": 1, "All": 5}
    assert counts(desk) == tabs
    assert counts(desk, status="held") == {**tabs, "Upcoming": 1}
    for tab in desk.admin.get(url("appointments"), {"dates": "tomorrow"}).context["tabs"]:
        again = desk.admin.get(url("appointments") + tab.url).context
        assert tab.count == len(again["rows"])
        assert again["filters"].dates_name == "tomorrow"


def test_counts_are_exact_up_to_the_cap_and_then_say_more(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "CAP", 2)
    for hours in range(2):
        visit_of(desk, NOW + DAY + hours * HOUR)
    assert counts(desk)["All"] == 2
    assert "Upcoming 2 Held" in words(desk.admin.get(url("appointments")))

    visit_of(desk, NOW + 2 * DAY)

    assert "Upcoming 2+ Held" in words(desk.admin.get(url("appointments")))


def test_pages_show_each_row_once_while_rows_come_and_go(desk: FrontDesk) -> None:
    """Two of the first page end meanwhile: with pages by number, two of the second were never seen."""
    visits = [visit_of(desk, NOW + DAY + n * HOUR).uid for n in range(SIZE + 3)]
    first = desk.admin.get(url("appointments")).context
    for uid in visits[:2]:
        lifecycle.cancel(Appointment.objects.get(uid=uid), reason="ill", actor=ADMIN, now=NOW)
    visit_of(desk, NOW + HOUR)

    second = desk.admin.get(url("appointments") + first["visits"].next_url).context

    pages = [[row.visit.uid for row in page["rows"]] for page in (first, second)]
    assert pages == [visits[:SIZE], visits[SIZE:]]


def test_a_page_costs_the_same_with_one_row_and_with_three(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for rows in (1, 3):
        while Appointment.objects.count() < rows:
            visit_of(desk, NOW + (1 + Appointment.objects.count()) * DAY)
        with django_assert_num_queries(LIST_QUERIES):
            desk.admin.get(url("appointments"))
        with django_assert_num_queries(LIST_QUERIES - LAYOUT_QUERIES):
            desk.admin.get(url("appointments"), headers={"HX-Request": "true"})
    patient = Patient.objects.first()
    assert patient
    with django_assert_num_queries(LIST_QUERIES + 1):
        desk.admin.get(url("appointments"), {"patient": patient.uid})


def test_htmx_gets_the_list_alone_and_every_answer_varies(desk: FrontDesk) -> None:
    visit_of(desk, NOW + DAY)

    piece = desk.admin.get(url("appointments"), headers={"HX-Request": "true"})

    assert b"<html" not in piece.content
    assert b"Paula Patient" in piece.content
    assert "HX-Request" in piece.headers["Vary"]


def test_no_name_of_a_patient_is_in_any_link(desk: FrontDesk) -> None:
    patient = make_patient(shop=desk.clinic.shop, last_name="Canary", email="canary@x.example")
    visit_of(desk, NOW + DAY, patient=patient)

    html = desk.admin.get(url("appointments"), {"patient": patient.uid}).content.decode()

    assert "Canary" in html
    links = [part.split('"')[0] for part in html.split('href="')[1:]]
    assert links
    assert not any("canary" in link.lower() for link in links)
