"""Staff edit availability through the verbs: audited, mailed to the doctor, refusals as form errors."""

from datetime import date
from typing import Any

import pytest
from django.urls import reverse

from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff, Weekday
from notifications.models import Delivery
from organisations.models import Doctor
from tests.factories import make_doctor, make_organisation, make_window

from .team import Staff, audited, errors_of

pytestmark = pytest.mark.django_db

WINDOW = "availability_availabilitywindow"
OVERRIDE = "availability_availabilityoverride"
TIME_OFF = "availability_timeoff"
MONDAY = {"weekday": "0", "start_time": "09:00", "end_time": "12:00"}


@pytest.fixture
def doctor() -> Doctor:
    return make_doctor(organisation=make_organisation())


def told() -> list[tuple[str, object, object]]:
    rows = Delivery.objects.order_by("id")
    return [(row.address, row.context["change"], row.context["by"]) for row in rows]


def actions(doctor: Doctor) -> list[str]:
    return [action for action, _, _ in audited(doctor.organisation)]


def test_a_window_is_added_changed_and_removed(staff: Staff, doctor: Doctor) -> None:
    typed = {"weekday": "4", "start_time": "22", "end_time": "0600"}
    assert staff.add(WINDOW, doctor=doctor.pk, **typed).status_code == 302
    window = AvailabilityWindow.objects.get()
    assert (window.weekday, window.start_minute, window.end_minute) == (4, 22 * 60, 30 * 60)
    page = staff.client.get(reverse(f"admin:{WINDOW}_change", args=[window.pk])).content.decode()
    assert 'value="22:00"' in page
    assert 'value="06:00"' in page

    assert staff.change(WINDOW, window.pk, **typed | {"end_time": "24:00"}).status_code == 302
    window.refresh_from_db()
    assert window.end_minute == 24 * 60
    staff.post(reverse(f"admin:{WINDOW}_delete", args=[window.pk]), post="yes")

    assert AvailabilityWindow.objects.count() == 0
    assert len(actions(doctor)) == 3
    assert told() == [
        ("jane.hill@clinic.example", change, "Sam Staff")
        for change in (
            "Added: Friday 22:00–06:00 (next day)",
            "Changed: Friday 22:00–06:00 (next day) → Friday 22:00–24:00",
            "Removed: Friday 22:00–24:00",
        )
    ]


def test_many_windows_are_removed_through_the_verb(staff: Staff, doctor: Doctor) -> None:
    windows = [make_window(doctor=doctor, weekday=weekday) for weekday in (0, 1)]

    staff.post(
        reverse(f"admin:{WINDOW}_changelist"),
        action="delete_selected",
        _selected_action=[window.pk for window in windows],
        post="yes",
    )

    assert AvailabilityWindow.objects.count() == 0
    assert len(actions(doctor)) == len(told()) == 2


def test_an_overlap_is_a_form_error_that_names_both(staff: Staff, doctor: Doctor) -> None:
    make_window(doctor=doctor, start="09:00", end="11:30")
    other = make_window(doctor=doctor, start="13:00", end="15:00")

    added = errors_of(staff.add(WINDOW, doctor=doctor.pk, **MONDAY | {"start_time": "11:00"}))
    changed = errors_of(staff.change(WINDOW, other.pk, **MONDAY))

    assert added == {"__all__": ["Monday 11:00–12:00 overlaps Monday 09:00–11:30."]}
    assert changed == {"__all__": ["Monday 09:00–12:00 overlaps Monday 09:00–11:30."]}
    assert AvailabilityWindow.objects.count() == 2
    assert told() == []


def test_windows_that_touch_are_fine_in_either_order(staff: Staff, doctor: Doctor) -> None:
    later = MONDAY | {"start_time": "11:00", "end_time": "13:00"}
    earlier = MONDAY | {"end_time": "11:00"}

    assert staff.add(WINDOW, doctor=doctor.pk, **later).status_code == 302
    assert staff.add(WINDOW, doctor=doctor.pk, **earlier).status_code == 302


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"end_time": "09:00"}, "end_time"),
        ({"start_time": "24:00"}, "start_time"),
        ({"start_time": "25:00"}, "start_time"),
        ({"end_time": "noon"}, "end_time"),
        ({"end_time": ""}, "end_time"),
        ({"start_time": "9\0"}, "start_time"),
        ({"weekday": "7"}, "weekday"),
        ({"valid_from": "2027-02-30"}, "valid_from"),
        ({"valid_from": "2027-02-02", "valid_until": "2027-02-01"}, "valid_until"),
        ({"doctor": "999999999999999999999"}, "doctor"),
        ({"doctor": ""}, "doctor"),
    ],
)
def test_a_windows_bad_input_is_a_form_error(
    staff: Staff, doctor: Doctor, bad: dict[str, str], field: str
) -> None:
    fields: dict[str, Any] = {"doctor": doctor.pk, **MONDAY, **bad}

    assert field in errors_of(staff.add(WINDOW, **fields))
    assert AvailabilityWindow.objects.count() == 0


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(
    staff: Staff, doctor: Doctor
) -> None:
    window = make_window(doctor=doctor)
    seen = window.updated_at.isoformat()
    window.save()  # somebody else

    for expected in (seen, "yesterday"):
        errors = errors_of(staff.change(WINDOW, window.pk, **MONDAY, expected=expected))
        assert "Somebody else has changed this" in next(iter(errors.values()))[0]


def test_a_window_stays_with_its_doctor(staff: Staff, doctor: Doctor) -> None:
    window = make_window(doctor=doctor)
    stranger = make_doctor(organisation=make_organisation(name="Other"))

    staff.change(WINDOW, window.pk, **MONDAY, doctor=stranger.pk)

    assert AvailabilityWindow.objects.get().doctor == doctor


def test_a_date_gets_hours_of_its_own_and_loses_them(staff: Staff, doctor: Doctor) -> None:
    hours = "09:00-12:00, 22–2"
    staff.add(OVERRIDE, doctor=doctor.pk, date="2027-03-02", hours=hours)
    override = AvailabilityOverride.objects.get()
    assert override.hours == [[540, 720], [1320, 1560]]
    page = staff.client.get(reverse(f"admin:{OVERRIDE}_change", args=[override.pk]))
    assert 'value="09:00-12:00, 22:00-02:00"' in page.content.decode()

    staff.change(OVERRIDE, override.pk, hours="")
    override.refresh_from_db()
    assert (override.date, override.hours) == (date(2027, 3, 2), [])
    staff.post(reverse(f"admin:{OVERRIDE}_delete", args=[override.pk]), post="yes")

    assert AvailabilityOverride.objects.count() == 0
    assert len(actions(doctor)) == len(told()) == 3


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"hours": "09:00-11:30, 11:00-12:00"}, "hours"),
        ({"hours": "nine to five"}, "hours"),
        ({"hours": "09:00-25:00"}, "hours"),
        ({"date": "2027-13-01"}, "date"),
        ({"date": "2027-03-03"}, "date"),
    ],
)
def test_an_overrides_bad_input_is_a_form_error(
    staff: Staff, doctor: Doctor, bad: dict[str, str], field: str
) -> None:
    AvailabilityOverride.objects.create(
        organisation=doctor.organisation, doctor=doctor, date=date(2027, 3, 3)
    )
    fields = {"doctor": doctor.pk, "date": "2027-03-02", "hours": "09:00-12:00", **bad}

    assert set(errors_of(staff.add(OVERRIDE, **fields))) == {field}


def test_time_off_is_added_changed_and_removed(staff: Staff, doctor: Doctor) -> None:
    dates = {"start_date": "2027-03-02", "end_date": "2027-03-05"}
    staff.add(TIME_OFF, doctor=doctor.pk, **dates, note="Conference")
    time_off = TimeOff.objects.get()
    assert (time_off.start_minute, time_off.end_minute) == (0, 1440)

    staff.change(TIME_OFF, time_off.pk, **dates, start_time="13:00", end_time="18")
    time_off.refresh_from_db()
    assert (time_off.start_minute, time_off.end_minute) == (780, 1080)
    staff.post(reverse(f"admin:{TIME_OFF}_delete", args=[time_off.pk]), post="yes")

    assert TimeOff.objects.count() == 0
    assert len(actions(doctor)) == len(told()) == 3
    assert "Conference" not in str(told())


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"end_date": "2027-03-01"}, "end_date"),
        ({"end_date": ""}, "end_date"),
        ({"start_time": "24:00"}, "start_time"),
        ({"end_time": "soon"}, "end_time"),
        ({"note": "x" * 201}, "note"),
    ],
)
def test_time_offs_bad_input_is_a_form_error(
    staff: Staff, doctor: Doctor, bad: dict[str, str], field: str
) -> None:
    fields = {"doctor": doctor.pk, "start_date": "2027-03-02", "end_date": "2027-03-05", **bad}

    assert set(errors_of(staff.add(TIME_OFF, **fields))) == {field}


def test_removing_what_is_gone_already_is_said_and_not_an_error(
    staff: Staff, doctor: Doctor
) -> None:
    window = make_window(doctor=doctor, weekday=Weekday.FRIDAY)
    url = reverse(f"admin:{WINDOW}_delete", args=[window.pk])

    assert staff.post(url, post="yes").status_code == 302
    assert staff.post(url, post="yes").status_code == 302
    assert len(actions(doctor)) == 1
