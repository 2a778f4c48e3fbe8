"""Editing the weekly windows: overlaps are named, edits take turns, everything is audited."""

import threading
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from availability import editing
from availability.editing import week
from availability.errors import Invalid, Stale, WindowOverlap
from availability.models import AvailabilityWindow
from availability.values import WindowValues, overlapping
from organisations.models import AuditEntry, Doctor
from tests.factories import DOCTOR, NOW, make_doctor, make_organisation, make_window

from .worlds import hours

pytestmark = pytest.mark.django_db


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation())


def monday(
    span: str, *, valid_from: date | None = None, valid_until: date | None = None
) -> WindowValues:
    return WindowValues(0, *hours(span), valid_from, valid_until)


def add(doctor: Doctor, values: WindowValues) -> AvailabilityWindow:
    return editing.add_window(doctor, values, actor=DOCTOR, now=NOW)


def of(doctor: Doctor) -> list[str]:
    windows = AvailabilityWindow.objects.filter(doctor=doctor).order_by("weekday", "start_minute")
    return [WindowValues.of(window).in_words() for window in windows]


@pytest.mark.parametrize("spans", [("09:00-11:00", "11:00-13:00"), ("11:00-13:00", "09:00-11:00")])
def test_windows_that_touch_are_accepted_in_either_order(
    doctor: Doctor, spans: tuple[str, str]
) -> None:
    for span in spans:
        add(doctor, monday(span))

    assert of(doctor) == ["Monday 09:00–11:00", "Monday 11:00–13:00"]


@pytest.mark.parametrize("spans", [("09:00-11:30", "11:00-13:00"), ("11:00-13:00", "09:00-11:30")])
def test_windows_that_overlap_are_refused_in_either_order_naming_both(
    doctor: Doctor, spans: tuple[str, str]
) -> None:
    first = add(doctor, monday(spans[0]))

    with pytest.raises(WindowOverlap) as refusal:
        add(doctor, monday(spans[1]))

    words = [monday(span).in_words() for span in spans]
    assert refusal.value.overlaps_with == [first.uid]
    assert refusal.value.message == f"{words[1]} overlaps {words[0]}."
    assert of(doctor) == [words[0]]


def test_a_sunday_night_overlaps_a_monday_morning(doctor: Doctor) -> None:
    add(doctor, monday("01:00-03:00"))

    with pytest.raises(WindowOverlap):
        add(doctor, WindowValues(6, *hours("22:00-02:00")))
    add(doctor, WindowValues(6, *hours("22:00-01:00")))


def test_windows_of_disjoint_validity_may_share_their_minutes(doctor: Doctor) -> None:
    add(doctor, monday("09:00-12:00", valid_until=date(2027, 6, 30)))
    add(doctor, monday("09:00-12:00", valid_from=date(2027, 7, 1)))

    with pytest.raises(WindowOverlap):
        add(doctor, monday("11:00-12:00", valid_from=date(2027, 6, 30)))


def test_another_doctors_windows_do_not_matter(doctor: Doctor) -> None:
    add(make_doctor(organisation=doctor.organisation), monday("09:00-12:00"))
    add(doctor, monday("09:00-12:00"))


def test_an_end_before_the_start_is_the_next_day(doctor: Doctor) -> None:
    window = add(doctor, WindowValues(4, 22 * 60, 6 * 60))

    assert (window.start_minute, window.end_minute) == (1320, 1800)
    assert of(doctor) == ["Friday 22:00–06:00 (next day)"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (WindowValues(7, 540, 600), "weekday"),
        (WindowValues(0, -1, 600), "start_time"),
        (WindowValues(0, 1440, 1500), "start_time"),
        (WindowValues(0, 540, 540), "end_time"),
        (WindowValues(0, 0, 0), "end_time"),
        (WindowValues(0, 540, 540 + 1440), "end_time"),
        (WindowValues(0, 540, 5000), "end_time"),
        (WindowValues(0, 540, -5), "end_time"),
        (WindowValues(0, 540, 600, date(2027, 2, 2), date(2027, 2, 1)), "valid_until"),
    ],
)
def test_values_that_cannot_be_are_refused_by_field(
    doctor: Doctor, values: WindowValues, field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        add(doctor, values)

    assert refusal.value.field == field
    assert of(doctor) == []


def test_a_window_may_be_changed_over_its_own_time(doctor: Doctor) -> None:
    window = add(doctor, monday("09:00-11:00"))

    changed = editing.change_window(window, monday("10:00-12:00"), actor=DOCTOR, now=NOW)

    assert changed.uid == window.uid
    assert of(doctor) == ["Monday 10:00–12:00"]


def test_a_change_that_changes_nothing_writes_nothing(doctor: Doctor) -> None:
    window = add(doctor, monday("09:00-11:00"))

    same = editing.change_window(window, monday("09:00-11:00"), actor=DOCTOR, now=NOW)

    assert same.updated_at == window.updated_at
    assert AuditEntry.objects.count() == 1


def test_an_editor_who_saw_an_older_row_is_refused(doctor: Doctor) -> None:
    window = add(doctor, monday("09:00-11:00"))
    seen = window.updated_at
    editing.change_window(window, monday("10:00-11:00"), actor=DOCTOR, now=NOW, expected=seen)

    with pytest.raises(Stale):
        editing.change_window(window, monday("08:00-11:00"), actor=DOCTOR, now=NOW, expected=seen)
    with pytest.raises(Stale):
        editing.remove_window(window, actor=DOCTOR, now=NOW, expected=seen)
    assert of(doctor) == ["Monday 10:00–11:00"]


def test_removing_gives_back_what_adding_again_takes(doctor: Doctor) -> None:
    window = add(doctor, monday("09:00-11:00", valid_from=date(2027, 3, 1)))

    values = editing.remove_window(window, actor=DOCTOR, now=NOW)

    assert of(doctor) == []
    add(doctor, values)
    assert of(doctor) == ["Monday 09:00–11:00, from 1 Mar 2027"]
    with pytest.raises(Stale):
        editing.remove_window(window, actor=DOCTOR, now=NOW)


def test_a_copied_day_replaces_what_the_others_had(doctor: Doctor) -> None:
    for span in ("09:00-12:00", "13:00-17:00"):
        add(doctor, monday(span))
    add(doctor, WindowValues(1, *hours("06:00-07:00")))

    copied = editing.copy_day(doctor, from_weekday=0, to_weekdays=[1, 2, 0], actor=DOCTOR, now=NOW)

    assert len(copied.added) == 4
    assert copied.removed == [WindowValues(1, 360, 420)]
    assert of(doctor) == [
        f"{day} {span}"
        for day in ("Monday", "Tuesday", "Wednesday")
        for span in ("09:00–12:00", "13:00–17:00")
    ]


def test_a_copied_night_that_meets_the_next_morning_leaves_all_as_it_was(doctor: Doctor) -> None:
    add(doctor, monday("22:00-06:00"))
    add(doctor, WindowValues(3, *hours("05:00-07:00")))
    before = of(doctor)

    with pytest.raises(WindowOverlap):
        editing.copy_day(doctor, from_weekday=0, to_weekdays=[1, 2], actor=DOCTOR, now=NOW)
    assert of(doctor) == before


def test_a_copy_is_taken_back_with_what_it_replaced(doctor: Doctor) -> None:
    add(doctor, monday("09:00-12:00"))
    add(doctor, WindowValues(1, *hours("06:00-07:00"), None, date(2027, 6, 30)))
    before = of(doctor)
    copied = editing.copy_day(doctor, from_weekday=0, to_weekdays=[1, 2], actor=DOCTOR, now=NOW)
    uids = [window.uid for window in copied.added]
    taken: dict[str, Any] = {"removed": copied.removed, "actor": DOCTOR, "now": NOW}

    editing.undo_copy(doctor, added=uids, **taken)

    assert of(doctor) == before
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.object_uid) == ("availability_day.copy_undone", doctor.uid)
    for gone in (uids, []):
        with pytest.raises(Stale):
            editing.undo_copy(doctor, added=gone, **taken)
    assert of(doctor) == before


def test_a_copy_that_cannot_be_taken_back_stays(doctor: Doctor) -> None:
    add(doctor, monday("09:00-12:00"))
    add(doctor, WindowValues(1, *hours("22:00-02:00")))
    copied = editing.copy_day(doctor, from_weekday=0, to_weekdays=[1], actor=DOCTOR, now=NOW)
    add(doctor, WindowValues(2, *hours("01:00-03:00")))
    before = of(doctor)

    with pytest.raises(WindowOverlap):
        editing.undo_copy(
            doctor,
            added=[window.uid for window in copied.added],
            removed=copied.removed,
            actor=DOCTOR,
            now=NOW,
        )
    assert of(doctor) == before


@pytest.mark.parametrize("targets", [[], [0], [7]])
def test_a_copy_needs_other_days(doctor: Doctor, targets: list[int]) -> None:
    with pytest.raises(Invalid):
        editing.copy_day(doctor, from_weekday=0, to_weekdays=targets, actor=DOCTOR, now=NOW)


def test_every_edit_is_audited_under_the_doctor(doctor: Doctor) -> None:
    window = add(doctor, monday("09:00-11:00"))
    editing.change_window(window, monday("09:00-12:00"), actor=DOCTOR, now=NOW)
    editing.copy_day(doctor, from_weekday=0, to_weekdays=[1], actor=DOCTOR, now=NOW)
    editing.remove_window(window, actor=DOCTOR, now=NOW)

    entries = AuditEntry.objects.of(doctor.organisation).order_by("id")
    assert [(entry.action, entry.object_uid, entry.actor_uid) for entry in entries] == [
        (action, doctor.uid, DOCTOR.uid)
        for action in (
            "availability_window.added",
            "availability_window.changed",
            "availability_day.copied",
            "availability_window.removed",
        )
    ]
    assert entries[0].details == {"window": window.uid, "hours": "Monday 09:00–11:00"}


def test_the_constraints_refusal_is_the_same_error(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A writer that takes no turn commits between our look and our insert."""
    looks = iter([lambda: make_window(doctor=doctor, start="10:00", end="12:00")])

    def slow_look(
        values: WindowValues, others: Iterable[AvailabilityWindow]
    ) -> list[AvailabilityWindow]:
        found = overlapping(values, others)
        next(looks, lambda: None)()
        return found

    monkeypatch.setattr(week, "overlapping", slow_look)

    with pytest.raises(WindowOverlap) as refusal:
        add(doctor, monday("09:00-11:00"))
    assert "Monday 10:00–12:00" in refusal.value.message


@pytest.mark.django_db(transaction=True)
def test_two_editors_at_once_take_turns() -> None:
    doctor = make_doctor(organisation=make_organisation())
    outcomes: list[str] = []
    barrier = threading.Barrier(4)

    def edit() -> None:
        barrier.wait()
        try:
            add(doctor, monday("09:00-11:00"))
            outcomes.append("added")
        except WindowOverlap:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=edit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["added", "refused", "refused", "refused"]


minute = st.integers(0, 95).map(lambda quarter: quarter * 15)
day = st.one_of(st.none(), st.integers(0, 3).map(lambda n: date(2027, 3, 1) + timedelta(days=n)))


@st.composite
def any_window(draw: st.DrawFn) -> WindowValues:
    start = draw(minute)
    end = start + draw(st.integers(1, 95)) * 15
    first, last = draw(day), draw(day)
    if first and last and last < first:
        first, last = last, first
    return WindowValues(draw(st.sampled_from([0, 1, 5, 6])), start, end, first, last).checked()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(any_window(), any_window())
def test_the_check_and_the_constraint_agree(
    doctor: Doctor, first: WindowValues, second: WindowValues
) -> None:
    def insert(values: WindowValues) -> None:
        AvailabilityWindow.objects.create(
            organisation=doctor.organisation,
            doctor=doctor,
            weekday=values.weekday,
            start_minute=values.start_minute,
            end_minute=values.end_minute,
            valid_from=values.valid_from,
            valid_until=values.valid_until,
        )

    with transaction.atomic():
        insert(first)
        assert _is_refused(lambda: insert(second)) == first.overlaps(second)
        transaction.set_rollback(True)
    assert first.overlaps(second) == second.overlaps(first)


def _is_refused(work: Callable[[], None]) -> bool:
    try:
        with transaction.atomic():
            work()
    except IntegrityError as error:
        if "window_overlaps_no_other_of_its_doctor" not in str(error):
            raise
        return True
    return False


def test_an_edit_takes_the_same_statements_however_many_windows(doctor: Doctor) -> None:
    with CaptureQueriesContext(connection) as few:
        add(doctor, monday("08:00-09:00"))
    for weekday in range(1, 7):
        make_window(doctor=doctor, weekday=weekday)
    with CaptureQueriesContext(connection) as many:
        add(doctor, monday("12:00-13:00"))

    assert len(few) == len(many)
