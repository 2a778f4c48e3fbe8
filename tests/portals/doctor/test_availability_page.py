"""The editor's page: the week as locales begin it, the preview with its reasons, what others changed, its cost."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from appointments import availability_edits
from availability.models import BookingStop
from availability.values import WindowValues
from organisations.models import Doctor
from portals.doctor.access import ACCESS_QUERIES
from portals.doctor.availability.editor import EDITOR_QUERIES
from portals.layout import LAYOUT_QUERIES
from tests.factories import (
    ADMIN,
    NOW,
    PARTNER,
    make_appointment,
    make_member,
    make_type,
    make_user,
    make_window,
)
from tests.portals.browsers import sign_in
from tests.portals.clinic.front_desk import words
from tests.standing import Stand, patched

from .week import Editor, begin

pytestmark = pytest.mark.django_db
TUESDAY, THURSDAY = 1, 3


@pytest.fixture(scope="module")
def standing_editor(stand: Stand) -> Editor:
    return stand(patched(begin))


@pytest.fixture
def editor(standing_editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Editor:
    return standing_editor.for_test(monkeypatch)


def preview_of(response: Any) -> dict[str, tuple[int, str]]:
    """Of each date how many times are free, and why none is."""
    days = response.context["editor"].preview.days
    return {f"{day.date:%a %-d}": (len(day.times), " ".join(day.reasons)) for day in days}


class TestWeek:
    @pytest.mark.parametrize(
        ("language", "first"),
        [
            ("de-DE,de;q=0.9,en-US", "Monday"),
            ("en-US,en;q=0.9", "Sunday"),
            ("en-GB", "Monday"),
            ("", "Monday"),
            ("tlh, xx-nonsense;q=5, *", "Monday"),
            ("fr", "Monday"),
            ("pt-BR", "Sunday"),
        ],
    )
    def test_it_begins_as_the_readers_locale_does(
        self, editor: Editor, language: str, first: str
    ) -> None:
        headers = {"Accept-Language": language}
        response = editor.surgery.jane.get("/doctor/availability/", headers=headers)
        days = [day.name for day in response.context["editor"].week.days]
        assert len(days) == 7
        assert days[0] == first

    def test_without_hours_it_says_how_to_begin(self, editor: Editor) -> None:
        assert "You have no weekly hours yet" in words(editor.get())

    def test_an_admin_sees_the_same_week_and_no_form_of_it(self, editor: Editor) -> None:
        editor.add(TUESDAY, "22", "2", valid_from="2027-04-01")
        organisation = editor.surgery.clinic.organisation
        ada = sign_in(make_member(organisation=organisation, user=make_user()).user)
        theirs = ada.get(f"/admin/doctors/{editor.doctor.uid}/")
        own = editor.get()
        for page in (theirs, own):
            assert "portals/week.html" in [template.name for template in page.templates]
            assert "22:00–02:00 (next day) from 1 Apr 2027 Not yet" in words(page)
        assert editor.window().uid in own.content.decode()
        assert editor.window().uid not in theirs.content.decode()
        assert "/hours/" not in theirs.content.decode()


class TestPreview:
    def test_every_day_has_its_times_or_the_reason_for_none(self, editor: Editor) -> None:
        clinic = editor.surgery.clinic
        clinic.kind.min_booking_notice_minutes = 24 * 60
        clinic.kind.booking_horizon_days = 10
        clinic.kind.save()
        for day in range(7):
            make_window(doctor=editor.doctor, weekday=day, start="09:00", end="10:00")
        editor.post("hours-remove", editor.doctor.availability_windows.get(weekday=6).uid)
        editor.post("date-add", date="2027-03-03", kind="closed")
        editor.post("off-add", start_date="2027-03-04", end_date="2027-03-04")
        for minutes in (0, 30):
            make_appointment(
                patient=clinic.new_patient(),
                doctor=clinic.doctor,
                appointment_type=clinic.kind,
                starts_at=NOW.replace(day=5, minute=minutes),
            )
        found = preview_of(editor.get())

        assert len(found) == 14
        assert found["Mon 1"][1].startswith("Too soon: 00:00 to 24:00.")
        assert found["Tue 2"] == (2, "")  # a day's notice ends at 09:00
        assert found["Wed 3"] == (0, "Closed on this date.")
        assert found["Thu 4"] == (0, "Time off: 00:00 to 24:00.")
        assert found["Fri 5"] == (0, "2 visits booked.")
        assert found["Sat 6"] == (2, "")
        assert found["Sun 7"] == (0, "No hours.")
        assert found["Fri 12"][1].startswith("Too far ahead:")

    def test_it_is_of_one_type_and_of_any_date(self, editor: Editor) -> None:
        long = make_type(
            organisation=editor.doctor.organisation,
            doctors=[editor.doctor],
            duration_minutes=120,
            name="Long visit",
        )
        editor.add(TUESDAY, "9", "11")
        editor.add(THURSDAY, "9", "10")
        assert preview_of(editor.get())["Tue 2"] == (4, "")
        later = editor.get(type=long.uid, **{"from": "2027-03-15"})
        assert preview_of(later)["Tue 16"] == (1, "")
        assert preview_of(later)["Thu 18"] == (0, "No hours with room for 120 minutes.")
        for nonsense in ("2020-01-01", "soon", "9999-12-31"):
            assert len(preview_of(editor.get(type="apt-x", **{"from": nonsense}))) == 14

    def test_htmx_gets_it_alone_and_an_edit_keeps_what_it_shows(self, editor: Editor) -> None:
        headers = {"HX-Request": "true", "HX-Target": "preview"}
        alone = editor.surgery.jane.get("/doctor/availability/", headers=headers)
        assert words(alone).startswith("Consultation, 30 minutes")

        at = "http://testserver/doctor/availability/?from=2027-03-15#preview"
        typed = {"weekday": "1", "start": "9", "end": "11"}
        headers = {"HX-Request": "true", "HX-Current-URL": at}
        saved = editor.surgery.jane.post("/doctor/availability/hours/new/", typed, headers=headers)
        assert preview_of(saved)["Tue 16"] == (4, "")

    def test_a_stop_and_no_type_are_said(self, editor: Editor) -> None:
        BookingStop.objects.create(
            organisation=editor.doctor.organisation,
            doctor=editor.doctor,
            reason="On leave",
            created_by="Ada Admin",
            created_at=NOW,
        )
        page = editor.get()
        assert "New bookings are stopped until Northside Clinic lifts it: “On leave”" in words(page)
        assert all(why.startswith("New bookings") for _, why in preview_of(page).values())
        editor.surgery.clinic.kind.doctors.clear()
        assert "You offer no appointment type" in words(editor.get())


class TestOthers:
    def test_changes_of_an_admin_and_of_a_key_are_shown_with_who_and_when(
        self, editor: Editor
    ) -> None:
        editor.add(TUESDAY, "9", "12")
        assert "Changed by others" not in words(editor.get())
        for weekday, actor in ((2, ADMIN), (THURSDAY, PARTNER)):
            values = WindowValues(weekday, 540, 720)
            availability_edits.add_window(editor.doctor, values, actor=actor, now=NOW)
        availability_edits.copy_day(
            editor.doctor, from_weekday=2, to_weekdays=[4, 5], actor=ADMIN, now=NOW
        )
        page = words(editor.get())
        assert "Hours added: Wednesday 09:00–12:00 changed by Ada Admin on Mon 1 Mar" in page
        assert "Hours added: Thursday 09:00–12:00 changed by Partner key" in page
        assert "Hours of a day copied: Wednesday to Friday, Saturday changed by Ada Admin" in page
        assert "Tuesday 09:00–12:00 changed" not in page

    def test_after_a_month_they_are_old(self, editor: Editor) -> None:
        values = WindowValues(2, 540, 720)
        long_ago = NOW - timedelta(days=31)
        availability_edits.add_window(editor.doctor, values, actor=ADMIN, now=long_ago)
        assert "Changed by others" not in words(editor.get())


class TestCost:
    def test_the_page_costs_the_same_whatever_it_shows(
        self, editor: Editor, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        editor.add(TUESDAY, "9", "12")
        fill(editor, 1)
        with django_assert_num_queries(ACCESS_QUERIES + LAYOUT_QUERIES + EDITOR_QUERIES):
            editor.get()
        fill(editor, 3)
        with django_assert_num_queries(ACCESS_QUERIES + LAYOUT_QUERIES + EDITOR_QUERIES):
            editor.get()

    def test_what_is_asked_while_typing_is_cheap(
        self, editor: Editor, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        fill(editor, 3)
        asked: list[tuple[int, str, dict[str, str]]] = [
            (3, "hours-effect", {"weekday": "1", "start": "9", "end": "12"}),
            (4, "hours-copy-effect", {"weekday": "1", "to": "3"}),
            (3, "date-effect", {"date": "2027-03-09", "kind": "closed"}),
            (2, "off-effect", {"start_date": "2027-03-09", "end_date": "2027-03-09"}),
        ]
        for queries, name, typed in asked:
            with django_assert_num_queries(ACCESS_QUERIES + queries):
                editor.get(name, htmx=True, **typed)


def fill(editor: Editor, rows: int) -> None:
    """So many of each: hours, dates, time off, visits outside, changes by others."""
    clinic = editor.surgery.clinic
    for number in range(rows):
        day = date(2027, 3, 20) + timedelta(days=number + 10 * rows)
        editor.post("date-add", date=day.isoformat(), kind="closed")
        editor.post("off-add", start_date=day.isoformat(), end_date=day.isoformat())
        values = WindowValues(number, 60 * (rows + number), 60 * (rows + number) + 30)
        availability_edits.add_window(editor.doctor, values, actor=ADMIN, now=NOW)
        make_appointment(
            patient=clinic.new_patient(),
            doctor=clinic.doctor,
            appointment_type=clinic.kind,
            starts_at=NOW + timedelta(days=rows + 1, hours=12 + number),
        )


def test_a_deactivated_doctor_is_out(editor: Editor) -> None:
    Doctor.objects.update(is_active=False)
    assert editor.get().status_code == 403
    assert Client().get("/doctor/availability/").status_code == 302


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "2400-02-29", "9999-12-31"])
def test_no_date_is_too_far_for_an_answer(editor: Editor, day: str) -> None:
    times = {"weekday": "1", "start": "9", "end": "12"}
    for typed in (
        {"valid_from": day},
        {"valid_until": day},
        {"valid_from": day, "valid_until": day},
    ):
        response = editor.get("hours-effect", htmx=True, **times, **typed)
        assert response.status_code == 200
        assert editor.post("hours-add", **times, **typed).status_code in (302, 422)
        editor.doctor.availability_windows.all().delete()
    for name, given in (
        ("date", {"date": day, "kind": "closed"}),
        ("off", {"start_date": "2027-03-03", "end_date": day}),
        ("off", {"start_date": day, "end_date": day, "end_time": "9"}),
    ):
        assert editor.get(f"{name}-effect", htmx=True, **given).status_code == 200
        assert editor.post(f"{name}-add", **given).status_code in (302, 422)
    assert editor.get(**{"from": day}).status_code == 200
