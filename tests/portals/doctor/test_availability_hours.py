"""The weekly hours edited in place: typed times, overlaps, undo, copies, and two tabs at once."""

import re
from typing import Any

import pytest
from django.db import IntegrityError

from appointments import availability_edits
from availability.models import AvailabilityWindow
from availability.values import WindowValues
from tests.factories import ADMIN, NOW, make_appointment, make_window
from tests.portals.clinic.front_desk import words
from tests.standing import Stand, patched

from .week import Editor, begin

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY, THURSDAY = 0, 1, 3


@pytest.fixture(scope="module")
def standing_editor(stand: Stand) -> Editor:
    return stand(patched(begin))


@pytest.fixture
def editor(standing_editor: Editor, monkeypatch: pytest.MonkeyPatch) -> Editor:
    return standing_editor.for_test(monkeypatch)


def undo_of(response: Any) -> tuple[str, dict[str, str]]:
    """Where the Undo of the answer posts, and what."""
    [found] = [toast for toast in response.context["toasts"] if toast.undo]
    return found.undo.url, dict(found.undo.fields)


def book_on_tuesday(editor: Editor, hour: int) -> None:
    clinic = editor.surgery.clinic
    make_appointment(
        patient=clinic.new_patient(),
        doctor=clinic.doctor,
        appointment_type=clinic.kind,
        starts_at=NOW.replace(day=2, hour=hour),
    )


class TestTyped:
    @pytest.mark.parametrize(
        ("start", "end", "stored"),
        [
            ("9", "12", "Tuesday 09:00–12:00"),
            ("0930", "9:30 pm", "Tuesday 09:30–21:30"),
            ("9.15", "10h45", "Tuesday 09:15–10:45"),
            ("12 am", "24:00", "Tuesday 00:00–24:00"),
            ("22:00", "2", "Tuesday 22:00–02:00 (next day)"),
            ("8:07", "0", "Tuesday 08:07–24:00"),
        ],
    )
    def test_times_are_read_as_people_type_them(
        self, editor: Editor, start: str, end: str, stored: str
    ) -> None:
        assert editor.add(TUESDAY, start, end).status_code == 302
        assert editor.hours() == [stored]

    @pytest.mark.parametrize(
        ("typed", "field", "message"),
        [
            ({"start": "25"}, "start", "Enter a time such as 9:30, 0930 or 9:30 pm."),
            ({"start": "nine"}, "start", "Enter a time such as 9:30, 0930 or 9:30 pm."),
            ({"start": "24:00"}, "start", "Enter a start from 00:00 to 23:59."),
            ({"end": "9"}, "end", "The end must differ from the start"),
            ({"end": ""}, "end", "This field is required."),
            ({"end": "9" * 300}, "end", "Ensure this value has at most 20 characters"),
            ({"start": "\0"}, "start", "Null characters are not allowed."),
            ({"valid_from": "0001-01-01"}, "valid_from", "Enter a date from 1970 to 2099."),
            ({"valid_until": "9999-12-31"}, "valid_until", "Enter a date from 1970 to 2099."),
            ({"valid_from": "soon"}, "valid_from", "Enter a date, such as 2027-03-02."),
            ({"valid_from": "2027-05-02", "valid_until": "2027-05-01"}, "valid_until", "The last"),
        ],
    )
    def test_what_cannot_be_is_said_beside_its_field_and_stays(
        self, editor: Editor, typed: dict[str, str], field: str, message: str
    ) -> None:
        given = {"weekday": "1", "start": "9", "end": "12", **typed}
        response = editor.post("hours-add", **given)

        assert response.status_code == 422
        form = response.context["editing"].form
        assert message in str(form.errors[field])
        assert {name: form[name].value() for name in given} == given
        assert editor.hours() == []

    def test_nonsense_for_a_weekday_is_refused(self, editor: Editor) -> None:
        assert editor.post("hours-add", weekday="7", start="9", end="12").status_code == 422
        assert editor.get("hours-add", weekday="x").status_code == 200

    def test_the_form_says_that_it_ends_the_next_day(self, editor: Editor) -> None:
        effect = editor.get("hours-effect", htmx=True, weekday="1", start="22", end="2")
        assert "Tuesday 22:00 to Wednesday 02:00: 4 h, ends next day." in words(effect)
        assert "<html" not in effect.content.decode()

    def test_quarters_of_an_hour_are_suggested_to_midnight(self, editor: Editor) -> None:
        page = editor.get().content.decode()
        assert page.count("<option") == 97
        assert '<option value="23:45">' in page
        assert '<option value="24:00">' in page


class TestOverlap:
    @pytest.fixture
    def window(self, editor: Editor) -> AvailabilityWindow:
        return make_window(doctor=editor.doctor, weekday=TUESDAY, start="09:00", end="12:00")

    def test_it_is_marked_on_both_rows_while_typing(
        self, editor: Editor, window: AvailabilityWindow
    ) -> None:
        effect = editor.get("hours-effect", weekday="1", start="11", end="13", htmx=True)
        assert "Overlaps Tuesday 09:00–12:00." in words(effect)
        assert f'data-overlaps="{window.uid}"' in effect.content.decode()

    def test_it_is_marked_on_both_rows_when_saved(
        self, editor: Editor, window: AvailabilityWindow
    ) -> None:
        response = editor.add(TUESDAY, "11", "1 pm")
        page = response.content.decode()
        assert response.status_code == 422
        assert "Tuesday 11:00–13:00 overlaps Tuesday 09:00–12:00." in words(response)
        assert f'class="window is-clashing" data-uid="{window.uid}"' in page
        assert 'class="slot-form is-clashing"' in page
        assert 'value="1 pm"' in page
        assert editor.hours() == ["Tuesday 09:00–12:00"]

    def test_a_night_meets_the_next_morning(self, editor: Editor) -> None:
        make_window(doctor=editor.doctor, weekday=MONDAY, start="01:00", end="03:00")
        response = editor.add(6, "22", "2")
        assert "Sunday 22:00–02:00 (next day) overlaps Monday 01:00–03:00." in words(response)

    def test_the_database_refuses_whoever_took_no_turn(
        self, editor: Editor, window: AvailabilityWindow, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither the form nor the verb sees the other window before it writes."""
        seen: list[object] = []

        def blind(wanted: WindowValues, others: Any) -> list[AvailabilityWindow]:
            seen.append(wanted)
            return [] if len(seen) <= 2 else [window]

        for module in ("portals.doctor.availability.effects", "availability.editing.week"):
            monkeypatch.setattr(f"{module}.overlapping", blind)
        response = editor.add(TUESDAY, "11", "13")

        assert response.status_code == 422
        assert "Tuesday 11:00–13:00 overlaps Tuesday 09:00–12:00." in words(response)
        assert f'class="window is-clashing" data-uid="{window.uid}"' in response.content.decode()
        assert editor.hours() == ["Tuesday 09:00–12:00"]

    def test_the_constraint_is_there(self, window: AvailabilityWindow) -> None:
        with pytest.raises(IntegrityError, match="window_overlaps_no_other_of_its_doctor"):
            make_window(doctor=window.doctor, weekday=TUESDAY, start="11:00", end="13:00")


class TestInPlace:
    def test_htmx_gets_the_form_alone_and_then_every_region(self, editor: Editor) -> None:
        form = editor.get("hours-add", weekday="1", htmx=True)
        assert form.headers["HX-Retarget"] == "#day-1"
        assert words(form).startswith("Add hours on Tuesday")

        saved = editor.post("hours-add", weekday="1", start="9", end="12", htmx=True)
        page = saved.content.decode()
        assert saved.headers["HX-Reswap"] == "none"
        for region in ("news", "week", "dates", "preview"):
            assert f'<div id="{region}" hx-swap-oob="innerHTML">' in page
        assert "Added Tuesday 09:00–12:00." in words(saved)

    def test_a_form_that_opens_has_the_keyboard_and_one_that_comes_back_does_not_take_it(
        self, editor: Editor
    ) -> None:
        opened = editor.get("hours-add", htmx=True, weekday="1").content.decode()
        assert opened.count("autofocus") == 1
        assert re.search(r'<input[^>]*name="start"[^>]* autofocus', opened)
        refused = editor.post("hours-add", htmx=True, weekday="1", start="x", end="9")
        assert "autofocus" not in refused.content.decode()
        assert "data-focus" in refused.content.decode()

    def test_without_javascript_the_form_stands_in_its_row(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        uid = editor.window().uid
        page = editor.get("hours", uid).content.decode()
        assert f'action="/doctor/availability/hours/{uid}/"' in page
        assert "The next 14 days" in page

    def test_saving_says_what_changed(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        typed = {"weekday": "1", "start": "10", "end": "12"}
        was = editor.window().updated_at.isoformat()
        changed = editor.post("hours", editor.window().uid, htmx=True, **typed, was=was)
        again = editor.post("hours", editor.window().uid, htmx=True, **typed)
        assert "Saved: Tuesday 09:00–12:00 is now Tuesday 10:00–12:00." in words(changed)
        assert "Nothing was changed." in words(again)

    def test_removing_asks_nothing_and_undo_brings_all_of_it_back(self, editor: Editor) -> None:
        editor.add(TUESDAY, "22", "2", valid_from="2027-04-01", valid_until="2027-06-30")
        before = editor.hours()
        removed = editor.post("hours-remove", editor.window().uid, htmx=True)
        assert "Removed Tuesday 22:00–02:00 (next day)" in words(removed)
        assert editor.hours() == []

        address, fields = undo_of(removed)
        assert editor.surgery.jane.post(address, fields).status_code == 302
        assert editor.hours() == before

    def test_it_says_before_and_after_how_many_visits_are_left_outside(
        self, editor: Editor
    ) -> None:
        editor.add(TUESDAY, "9", "12")
        book_on_tuesday(editor, 8)  # 09:00 in Berlin
        book_on_tuesday(editor, 10)
        uid, typed = editor.window().uid, {"weekday": "1", "start": "10", "end": "12"}
        asked = editor.post("hours", uid, **typed)
        assert asked.status_code == 200
        assert "1 booked visit falls outside your hours then." in words(asked)
        assert editor.hours() == ["Tuesday 09:00–12:00"]

        saved = editor.post("hours", uid, **typed, shown="1", htmx=True)
        assert "1 booked visit is outside your hours now: see above." in words(saved)
        assert [visit.starts_at.hour for visit in saved.context["editor"].outside] == [8]

        removed = editor.post("hours-remove", uid, htmx=True)
        assert "1 booked visit is outside your hours now" in words(removed)
        assert len(removed.context["editor"].outside) == 2


class TestCopy:
    @pytest.fixture(autouse=True)
    def _tuesday(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        editor.add(THURSDAY, "14", "16")

    def copy(self, editor: Editor, *to: int, **typed: str) -> Any:
        days = [str(day) for day in to]
        return editor.post("hours-copy", query="?weekday=1", to=days, htmx=True, **typed)

    def test_a_day_is_copied_to_the_chosen_ones_and_undo_takes_it_back(
        self, editor: Editor
    ) -> None:
        before = editor.hours()
        copied = self.copy(editor, THURSDAY, 4)
        assert "Copied Tuesday to Thursday, Friday." in words(copied)
        assert editor.hours() == [f"{day} 09:00–12:00" for day in ("Tuesday", "Thursday", "Friday")]

        address, fields = undo_of(copied)
        undone = editor.surgery.jane.post(address, fields, follow=True)
        assert "The days are as they were before." in words(undone)
        assert editor.hours() == before

    def test_an_undo_after_somebody_went_on_changes_nothing(self, editor: Editor) -> None:
        address, fields = undo_of(self.copy(editor, THURSDAY))
        AvailabilityWindow.objects.get(weekday=THURSDAY).delete()
        response = editor.surgery.jane.post(address, fields, follow=True)
        assert "Not undone" in words(response)
        for nonsense in ("[1]", "{", '[{"weekday": 9}]', "null", "[" * 99999):
            data = fields | {"removed": nonsense}
            assert editor.surgery.jane.post(address, data).status_code == 302
        assert editor.hours() == ["Tuesday 09:00–12:00"]

    def test_the_form_says_what_is_replaced(self, editor: Editor) -> None:
        effect = editor.get("hours-copy-effect", htmx=True, weekday="1", to=["3"])
        assert words(effect).startswith(
            "Thursday will be as Tuesday is. Replaces Thursday 14:00–16:00."
        )

    def test_no_day_and_a_night_into_a_morning_are_refused(self, editor: Editor) -> None:
        assert self.copy(editor).status_code == 422
        editor.add(MONDAY, "22", "24:00")
        editor.add(TUESDAY, "23", "1")
        refused = self.copy(editor, 2)  # Wednesday's night and Thursday's nothing: fine
        assert refused.status_code == 200
        make_window(doctor=editor.doctor, weekday=6, start="00:00", end="02:00")
        refused = self.copy(editor, 5)
        assert refused.status_code == 422
        assert "overlaps Sunday 00:00–02:00" in words(refused)


class TestTwoTabs:
    def test_the_second_is_told_and_keeps_what_it_typed(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        window, was = editor.window(), editor.window().updated_at.isoformat()
        availability_edits.change_window(
            window, WindowValues(TUESDAY, 600, 720), actor=ADMIN, now=NOW
        )
        typed = {"weekday": "1", "start": "8", "end": "11"}
        told = editor.post("hours", window.uid, **typed, was=was)
        form = told.context["editing"].form
        assert told.status_code == 422
        assert "They are now Tuesday 10:00–12:00. Save again to replace them." in words(told)
        assert (form["start"].value(), form["end"].value()) == ("8", "11")
        assert editor.hours() == ["Tuesday 10:00–12:00"]

        editor.post("hours", window.uid, **typed, was=form["was"].value())
        assert editor.hours() == ["Tuesday 08:00–11:00"]

    @pytest.mark.parametrize("htmx", [True, False])
    def test_hours_that_are_gone_are_told_and_can_be_added_again(
        self, editor: Editor, htmx: bool
    ) -> None:
        editor.add(TUESDAY, "9", "12")
        window = editor.window()
        editor.post("hours-remove", window.uid)
        typed = {"weekday": "1", "start": "8", "end": "11"}
        told = editor.post("hours", window.uid, htmx=htmx, **typed, was=window.updated_at)
        editing = told.context["editing"]
        assert told.status_code == 422
        assert "removed in the meantime. Save to add them again." in words(told)
        assert editing.slot == (f"hours-{window.uid}" if htmx else "day-1")
        assert 'value="8"' in told.content.decode()

        editor.surgery.jane.post(editing.url, typed)
        assert editor.hours() == ["Tuesday 08:00–11:00"]

    def test_a_copy_that_replaced_them_is_a_removal_as_well(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        gone = editor.window().uid
        editor.add(MONDAY, "9", "10")
        editor.post("hours-copy", query="?weekday=0", to=["1"])
        assert editor.get("hours", gone).status_code == 302
        assert editor.post("hours-remove", gone).status_code == 302

    def test_a_copy_onto_hours_it_did_not_show_is_told_and_means_it_the_second_time(
        self, editor: Editor
    ) -> None:
        editor.add(MONDAY, "9", "12")
        form = editor.get("hours-copy", htmx=True, weekday="0").context["editing"].form
        editor.add(THURSDAY, "14", "16")  # in the other tab
        copy, typed = {"query": "?weekday=0", "htmx": True}, {"to": ["3"]}
        told = editor.post("hours-copy", **copy, **typed, was=form["was"].value())
        assert told.status_code == 422
        assert "These days have been changed in the meantime." in words(told)
        assert "Thursday: 14:00–16:00" in words(told)
        assert editor.hours() == ["Monday 09:00–12:00", "Thursday 14:00–16:00"]

        again = told.context["editing"].form
        assert again["to"].value() == ["3"]
        editor.add(4, "8", "9")  # concerns neither day
        editor.post("hours-copy", **copy, **typed, was=again["was"].value())
        assert editor.hours()[:2] == ["Monday 09:00–12:00", "Thursday 09:00–12:00"]

    def test_removing_what_was_changed_meanwhile_is_not_done(self, editor: Editor) -> None:
        editor.add(TUESDAY, "9", "12")
        window, was = editor.window(), editor.window().updated_at.isoformat()
        availability_edits.change_window(
            window, WindowValues(TUESDAY, 600, 720), actor=ADMIN, now=NOW
        )
        told = editor.post("hours-remove", window.uid, was=was, htmx=True)
        assert "Not removed." in words(told)
        assert editor.hours() == ["Tuesday 10:00–12:00"]
