"""Dates of their own and time off: what lies inside is said before, listed after, and decided visit by visit."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from appointments import availability_edits, lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from availability.models import AvailabilityOverride, TimeOff
from availability.values import OverrideValues, TimeOffValues
from organisations.models import AuditEntry
from portals.doctor.availability import keeping
from tests.factories import ADMIN, DOCTOR, NOW, make_appointment, make_doctor
from tests.portals.clinic.front_desk import words
from tests.standing import Stand, patched

from .surgery import log_in, url
from .test_availability_hours import undo_of
from .week import Editor, begin

pytestmark = pytest.mark.django_db
TUESDAY = 1
WEEK = {"start_date": "2027-03-08", "end_date": "2027-03-14"}


@pytest.fixture(scope="module")
def standing_editor(stand: Stand) -> Editor:
    return stand(patched(_tuesdays))


@pytest.fixture
def editor(standing_editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Editor:
    return standing_editor.for_test(monkeypatch)


def _tuesdays(monkeypatch: pytest.MonkeyPatch) -> Editor:
    """From nine to twelve."""
    editor = begin(monkeypatch)
    editor.add(TUESDAY, "9", "12")
    return editor


def book(editor: Editor, *, hour: int, **fields: Any) -> Appointment:
    """On Tuesday, 9 March, at that UTC hour: 8 is nine o'clock in Berlin."""
    clinic = editor.surgery.clinic
    return make_appointment(
        patient=clinic.new_patient(),
        doctor=clinic.doctor,
        appointment_type=clinic.kind,
        starts_at=NOW.replace(day=9, hour=hour),
        **fields,
    )


def off() -> list[str]:
    return [TimeOffValues.of(row).in_words() for row in TimeOff.objects.order_by("id")]


def overrides() -> list[str]:
    rows = AvailabilityOverride.objects.order_by("date")
    return [OverrideValues.of(row).in_words() for row in rows]


class TestTimeOff:
    def test_the_number_of_visits_inside_is_said_before_saving(self, editor: Editor) -> None:
        book(editor, hour=8)
        book(editor, hour=9)
        book(editor, hour=10, status=Status.CANCELLED)
        effect = editor.get("off-effect", htmx=True, **WEEK)
        assert "Mon 8 Mar 2027 to Sun 14 Mar 2027: 7 whole days." in words(effect)
        assert "2 booked visits lie inside." in words(effect)

        asked = editor.post("off-add", **WEEK)
        assert asked.status_code == 200
        assert "2 booked visits lie inside." in words(asked)
        assert off() == []

    def test_the_visits_left_outside_are_listed_afterwards_and_none_is_cancelled(
        self, editor: Editor
    ) -> None:
        first, second = book(editor, hour=8), book(editor, hour=9)
        saved = editor.post("off-add", **WEEK, shown="2", htmx=True)
        page = saved.content.decode()
        assert "2 booked visits are outside your hours now: see above." in words(saved)
        assert saved.context["editor"].outside == [first, second]
        for act in ("appointment-rebook", "appointment-cancel", "availability-keep"):
            assert url(act, first.uid) in page
        assert {visit.status for visit in Appointment.objects.all()} == {Status.CONFIRMED}

    def test_none_inside_is_said_and_saved_at_once(self, editor: Editor) -> None:
        assert "No booked visit lies inside." in words(editor.get("off-effect", htmx=True, **WEEK))
        assert editor.post("off-add", **WEEK).status_code == 302
        assert off() == ["Mon 8 Mar 2027 00:00 to Sun 14 Mar 2027 24:00"]

    @pytest.mark.parametrize(
        ("typed", "field", "message"),
        [
            ({"end_date": "2027-03-07"}, "end_date", "The end must lie after the start."),
            (
                {"start_date": "2027-02-01", "end_date": "2027-02-02"},
                "end_date",
                "Choose a day that is still to come.",
            ),
            ({"start_time": "24:00"}, "start_time", "Enter a start from 00:00 to 23:59."),
            ({"end_time": "late"}, "end_time", "Enter a time such as 9:30, 0930 or 9:30 pm."),
            ({"note": "x" * 201}, "note", "Ensure this value has at most 200 characters"),
            ({"start_date": "tomorrow"}, "start_date", "Enter a date, such as 2027-03-02."),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field_and_stays(
        self, editor: Editor, typed: dict[str, str], field: str, message: str
    ) -> None:
        given = {**WEEK, "note": "Sea", **typed}
        response = editor.post("off-add", **given)
        form = response.context["editing"].form
        assert response.status_code == 422
        assert message in str(form.errors[field])
        assert {name: form[name].value() for name in given} == given
        assert off() == []

    def test_undo_brings_it_back_with_its_note_which_is_told_nobody(self, editor: Editor) -> None:
        editor.post("off-add", **WEEK, note="Knee operation")
        before, uid = off(), TimeOff.objects.get().uid
        removed = editor.post("off-remove", uid, htmx=True)
        assert off() == []

        address, fields = undo_of(removed)
        editor.surgery.jane.post(address, fields)
        assert off() == before
        assert TimeOff.objects.get().note == "Knee operation"
        assert "Knee" not in str(list(AuditEntry.objects.values_list("details", flat=True)))

    def test_the_second_of_two_tabs_is_told_and_keeps_what_it_typed(self, editor: Editor) -> None:
        editor.post("off-add", **WEEK)
        row = TimeOff.objects.get()
        was = row.updated_at.isoformat()
        values = TimeOffValues(row.start_date, row.end_date, 600)
        availability_edits.change_time_off(row, values, actor=ADMIN, now=NOW)
        typed = {**WEEK, "end_date": "2027-03-20"}
        told = editor.post("off", row.uid, **typed, was=was)
        form = told.context["editing"].form
        assert told.status_code == 422
        assert "It is now Mon 8 Mar 2027 10:00" in words(told)
        assert form["end_date"].value() == "2027-03-20"

        editor.post("off", row.uid, **typed, was=form["was"].value())
        assert off() == ["Mon 8 Mar 2027 00:00 to Sat 20 Mar 2027 24:00"]

    def test_what_is_gone_can_be_added_again(self, editor: Editor) -> None:
        editor.post("off-add", **WEEK)
        uid = TimeOff.objects.get().uid
        editor.post("off-remove", uid)
        told = editor.post("off", uid, **WEEK)
        assert told.status_code == 422
        assert "removed in the meantime. Save to add it again." in words(told)
        editor.surgery.jane.post(told.context["editing"].url, WEEK)
        assert off() == ["Mon 8 Mar 2027 00:00 to Sun 14 Mar 2027 24:00"]


class TestOneDate:
    def test_own_hours_in_several_spans(self, editor: Editor) -> None:
        spans = {"start_0": "14", "end_0": "1530", "start_2": "8 pm", "end_2": "1"}
        editor.post("date-add", date="2027-03-09", kind="own", **spans)
        assert overrides() == ["Tue 9 Mar 2027 14:00–15:30, 20:00–01:00 (next day)"]

    def test_more_hours_are_a_button_of_the_form(self, editor: Editor) -> None:
        typed = {"date": "2027-03-09", "kind": "own", "start_0": "14", "end_0": "15"}
        more = editor.post("date-add", **typed, start_1="", end_1="", more="1")
        assert more.status_code == 200
        form = more.context["editing"].form
        assert len(form.rows) == 3
        assert form["start_0"].value() == "14"
        assert overrides() == []

    @pytest.mark.parametrize(
        ("typed", "field", "message"),
        [
            ({}, "start_0", "Enter the hours of that date, or choose Closed."),
            ({"start_0": "9"}, "end_0", "Enter both times, or leave both empty."),
            ({"start_0": "9", "end_0": "9"}, "end_0", "The end must differ from the start"),
            ({"start_1": "soon", "end_1": "9"}, "start_1", "Enter a time such as"),
            (
                {"start_0": "9", "end_0": "11", "start_1": "10", "end_1": "12"},
                "__all__",
                "09:00–11:00 overlaps 10:00–12:00.",
            ),
            ({"date": "2027-02-28"}, "date", "Choose a date that is still to come."),
            ({"date": "2027-02-31"}, "date", "Enter a date, such as 2027-03-02."),
            ({"kind": "maybe"}, "kind", "Select a valid choice."),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field_and_stays(
        self, editor: Editor, typed: dict[str, str], field: str, message: str
    ) -> None:
        given = {"date": "2027-03-09", "kind": "own", **typed}
        response = editor.post("date-add", **given)
        form = response.context["editing"].form
        assert response.status_code == 422
        assert message in str(form.errors[field])
        assert {name: form[name].value() for name in given} == given
        assert overrides() == []

    def test_closing_a_date_says_who_is_left_outside(self, editor: Editor) -> None:
        visit = book(editor, hour=8)
        closed = {"date": "2027-03-09", "kind": "closed"}
        asked = editor.post("date-add", **closed)
        assert "Tuesday, 9 March 2027: closed. 1 booked visit falls outside" in words(asked)
        saved = editor.post("date-add", **closed, shown="1", htmx=True)
        assert "Saved: Tue 9 Mar 2027 closed." in words(saved)
        assert saved.context["editor"].outside == [visit]

    def test_a_date_that_has_hours_already_is_told_first(self, editor: Editor) -> None:
        editor.post("date-add", date="2027-03-09", kind="closed")
        typed = {"date": "2027-03-09", "kind": "own", "start_0": "9", "end_0": "10"}
        told = editor.post("date-add", **typed)
        assert told.status_code == 422
        assert "This date has its own hours by now: closed. Save again" in words(told)
        was = told.context["editing"].form["was"].value()
        editor.post("date-add", **typed, was=was)
        assert overrides() == ["Tue 9 Mar 2027 09:00–10:00"]

    def test_removed_in_another_tab_is_told_and_can_be_set_again(self, editor: Editor) -> None:
        editor.post("date-add", date="2027-03-09", kind="closed")
        row = AvailabilityOverride.objects.get()
        editor.post("date-remove", row.uid)
        typed = {"date": "2027-03-09", "kind": "own", "start_0": "9", "end_0": "10"}
        told = editor.post("date", row.uid, **typed, was=row.updated_at.isoformat())
        assert told.status_code == 422
        assert "removed in the meantime. Save again to set them." in words(told)
        editor.surgery.jane.post(told.context["editing"].url, typed)
        assert overrides() == ["Tue 9 Mar 2027 09:00–10:00"]

    def test_undo_sets_the_date_again(self, editor: Editor) -> None:
        spans = {"start_0": "14", "end_0": "15", "start_1": "20", "end_1": "24"}
        editor.post("date-add", date="2027-03-09", kind="own", **spans)
        before = overrides()
        removed = editor.post("date-remove", AvailabilityOverride.objects.get().uid, htmx=True)
        assert "Removed. The weekly hours hold again on Tue 9 Mar 2027." in words(removed)
        address, fields = undo_of(removed)
        editor.surgery.jane.post(address, fields)
        assert overrides() == before


class TestKeep:
    def test_a_kept_visit_is_listed_no_more_until_that_is_undone(self, editor: Editor) -> None:
        visit = book(editor, hour=14)
        assert editor.get().context["editor"].outside == [visit]
        kept = editor.post("keep", visit.uid, htmx=True)
        assert "Kept: the visit takes place as booked." in words(kept)
        assert kept.context["editor"].outside == []
        assert editor.surgery.audited("appointment.kept_outside_hours")

        address, fields = undo_of(kept)
        editor.surgery.jane.post(address, fields)
        assert editor.get().context["editor"].outside == [visit]

    def test_what_needs_no_keeping_is_said(self, editor: Editor) -> None:
        inside, over = book(editor, hour=8), book(editor, hour=15, status=Status.CANCELLED)
        assert "lies within your hours by now" in words(editor.post("keep", inside.uid, htmx=True))
        assert editor.post("keep", over.uid).status_code == 302


class TestKeepAll:
    def test_all_that_were_listed_are_kept_until_that_is_undone(self, editor: Editor) -> None:
        visits = [book(editor, hour=hour) for hour in (14, 15, 16)]
        assert "Keep all 3" in words(editor.get())
        kept = editor.post("keep-all", uid=[visit.uid for visit in visits], htmx=True)
        assert "Kept 3 visits: as booked." in words(kept)
        assert kept.context["editor"].outside == []
        audited = editor.surgery.audited("appointment.kept_outside_hours")
        assert [uid for _, uid in audited] == [visit.uid for visit in visits]

        address, fields = undo_of(kept)
        again = editor.surgery.jane.post(address, fields, headers={"HX-Request": "true"})
        assert "3 visits listed again." in words(again)
        assert again.context["editor"].outside == visits

    def test_what_was_not_kept_is_named_and_stops_no_other(self, editor: Editor) -> None:
        gone = book(editor, hour=13, status=Status.CANCELLED)
        inside, outside = book(editor, hour=8), book(editor, hour=14)
        uids = [visit.uid for visit in (gone, inside, outside)]
        said = words(editor.post("keep-all", uid=uids, htmx=True))
        assert "Kept 1 visit: as booked." in said
        assert "Not kept: Tue 9 Mar 2027, 14:00 (Europe/Berlin, CET) is cancelled by now." in said
        assert "09:00 (Europe/Berlin, CET) lies within your hours by now." in said
        assert editor.get().context["editor"].outside == []

    def test_each_is_kept_in_a_transaction_of_its_own(
        self, editor: Editor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = book(editor, hour=14), book(editor, hour=15)
        depths, outside = [], len(connection.savepoint_ids)

        def keep(visit: Appointment, **_: Any) -> Any:
            depths.append(len(connection.savepoint_ids))
            if visit == first:
                raise Refused("wrong_status", status="expired")
            return verb(visit, **_)

        verb = lifecycle.keep_outside_hours
        monkeypatch.setattr(lifecycle, "keep_outside_hours", keep)
        said = words(editor.post("keep-all", uid=[first.uid, second.uid], htmx=True))
        assert "Kept 1 visit" in said
        assert "is expired by now" in said
        assert depths == [outside, outside]
        assert editor.get().context["editor"].outside == [first]

    def test_without_javascript_the_page_says_the_same(self, editor: Editor) -> None:
        visits = [book(editor, hour=hour) for hour in (14, 15)]
        answer = editor.post("keep-all", uid=[visit.uid for visit in visits])
        assert answer.status_code == 302
        assert "Kept 2 visits: as booked." in words(editor.get())
        assert "Keep all" not in words(editor.get())

    def test_more_than_can_be_kept_at_once_are_said_to_be_left(
        self, editor: Editor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(keeping, "_MOST_AT_ONCE", 2)
        visits = [book(editor, hour=hour) for hour in (14, 15, 16)]
        kept = editor.post("keep-all", uid=[visit.uid for visit in visits], htmx=True)
        assert "Kept 2 visits: as booked. 2 at once: the others are still listed." in words(kept)
        assert kept.context["editor"].outside == visits[2:]

    def test_one_visit_needs_no_button_for_all(self, editor: Editor) -> None:
        book(editor, hour=14)
        assert "Keep all" not in words(editor.get())

    @pytest.mark.parametrize("uids", [[], ["mtg-nothing"], ["\0"]])
    def test_nothing_named_is_nothing_kept(self, editor: Editor, uids: list[str]) -> None:
        visit = book(editor, hour=14)
        assert "nothing was changed" in words(editor.post("keep-all", uid=uids, htmx=True))
        assert editor.get().context["editor"].outside == [visit]

    def test_a_colleagues_visits_are_none(self, editor: Editor) -> None:
        visit = book(editor, hour=14)
        organisation = editor.surgery.clinic.organisation
        colleague = log_in(make_doctor(organisation=organisation, display_name="Dr Other"))
        for name in ("keep-all", "unkeep-all"):
            colleague.post(url(f"availability-{name}"), {"uid": [visit.uid]})
        assert editor.get().context["editor"].outside == [visit]
        assert editor.surgery.audited("appointment.kept_outside_hours") == []


def test_a_colleague_finds_nothing_of_it(editor: Editor) -> None:
    """404, byte for byte that of a uid of nothing; nothing is changed."""
    editor.post("off-add", **WEEK)
    editor.post("date-add", date="2027-03-20", kind="closed")
    visit = book(editor, hour=14)
    organisation = editor.surgery.clinic.organisation
    colleague = log_in(make_doctor(organisation=organisation, display_name="Dr Other"))
    rows = {
        "hours": editor.window().uid,
        "date": AvailabilityOverride.objects.get().uid,
        "off": TimeOff.objects.get().uid,
    }
    addresses = [(f"{name}{act}", uid) for name, uid in rows.items() for act in ("", "-remove")]
    for name, uid in [*addresses, ("keep", visit.uid), ("unkeep", visit.uid)]:
        answers = [
            colleague.post(url(f"availability-{name}", given)) for given in (uid, f"{uid[:4]}zzz")
        ]
        assert [answer.status_code for answer in answers] == [404, 404], name
        assert answers[0].content == answers[1].content
    nul = colleague.get("/doctor/availability/hours/%00/")
    assert nul.status_code == 404
    assert (len(off()), len(overrides()), len(editor.hours())) == (1, 1, 1)


def test_what_is_over_is_not_listed(editor: Editor) -> None:
    yesterday = (NOW - timedelta(days=1)).date()
    for first in (yesterday, NOW.date()):
        availability_edits.add_time_off(
            editor.doctor, TimeOffValues(first, first), actor=DOCTOR, now=NOW
        )
        availability_edits.set_override(editor.doctor, OverrideValues(first), actor=DOCTOR, now=NOW)
    ahead = editor.get().context["editor"].ahead
    assert [each.first for each in ahead] == [NOW.date()] * 2
