"""The verbs of appointment types: added, changed, removed, each audited, all bounds kept."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from appointments import holds, lifecycle, types
from appointments.errors import Invalid, Refused
from appointments.models import Appointment, AppointmentType
from organisations.errors import Invalid as InvalidInput
from organisations.models import AuditEntry, Organisation
from reminders import rules
from reminders.models import ReminderRule
from tests.factories import (
    ADMIN,
    NOW,
    PARTNER,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    open_all_week,
)

pytestmark = pytest.mark.django_db
BY: Any = {"actor": ADMIN, "now": NOW}


@pytest.fixture
def organisation() -> Organisation:
    return make_organisation()


def new(organisation: Organisation, **fields: Any) -> AppointmentType:
    return AppointmentType(
        organisation=organisation, **{"name": "Consultation", "duration_minutes": 30, **fields}
    )


def audited() -> list[tuple[str, dict[str, Any]]]:
    return [(entry.action, entry.details) for entry in AuditEntry.objects.order_by("id")]


def test_a_new_type_has_the_contracts_defaults(organisation: Organisation) -> None:
    doctor = make_doctor(organisation=organisation)

    kind = types.add_type(new(organisation, name="  Check   up "), doctors=[doctor], **BY)

    kind.refresh_from_db()
    assert (kind.name, kind.duration_minutes, kind.slot_interval_minutes) == ("Check up", 30, 30)
    assert (kind.hold_ttl_seconds, kind.booking_horizon_days) == (900, 60)
    assert (kind.cancellation_notice_minutes, kind.rebooking_notice_minutes) == (1440, 1440)
    assert (kind.min_booking_notice_minutes, kind.buffer_before_minutes) == (0, 0)
    assert (kind.rebooking_mode, kind.is_active) == ("same_doctor", True)
    assert list(kind.doctors.all()) == [doctor]
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.object_uid) == ("appointment_type.created", kind.uid)
    assert entry.actor_uid == ADMIN.uid


@pytest.mark.parametrize(("field", "least", "most"), AppointmentType.BOUNDS)
def test_bounds_are_kept_by_message_and_by_constraint(
    organisation: Organisation, field: str, least: int, most: int
) -> None:
    kind = make_type(organisation=organisation)
    for value in (least, most):
        assert getattr(types.change_type(kind, {field: value}, **BY), field) == value
    odd: list[object] = [least - 1, most + 1, True, None, float(least), str(least)]
    for wrong in odd:
        with pytest.raises(Invalid, match=f"from {least} to {most}") as refusal:
            types.change_type(kind, {field: wrong}, **BY)
        assert refusal.value.field == field
    for number in (least - 1, most + 1):
        with pytest.raises(IntegrityError), transaction.atomic():
            AppointmentType.objects.filter(pk=kind.pk).update(**{field: number})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "),
        ("name", "x" * 201),
        ("name", "a\0b"),
        ("description", "x" * 2001),
        ("description", "\ud800"),
        ("rebooking_mode", "whoever"),
    ],
)
def test_texts_and_modes_that_cannot_be_used(
    organisation: Organisation, field: str, value: str
) -> None:
    kind = make_type(organisation=organisation)

    with pytest.raises((Invalid, InvalidInput)) as refusal:
        types.add_type(new(organisation, **{field: value}), **BY)
    assert refusal.value.field == field  # type: ignore[attr-defined]  # both have it
    with pytest.raises((Invalid, InvalidInput)) as refusal:
        types.change_type(kind, {field: value}, **BY)
    assert refusal.value.field == field  # type: ignore[attr-defined]  # both have it
    assert AppointmentType.objects.count() == 1
    assert audited() == []


def test_a_change_writes_and_audits_only_what_differs(organisation: Organisation) -> None:
    kind = make_type(organisation=organisation, name="Consultation")
    doctor = make_doctor(organisation=organisation)

    same = types.change_type(kind, {"name": " Consultation "}, doctors=[], **BY)
    assert (same.updated_at, audited()) == (kind.updated_at, [])

    changed = types.change_type(kind, {"name": "Check", "duration_minutes": 30}, **BY)
    assert changed.updated_at > kind.updated_at
    types.change_type(kind, {}, doctors=[doctor], **BY)
    types.change_type(kind, {}, doctors=[doctor], **BY)

    assert audited() == [
        ("appointment_type.changed", {"fields": ["name"]}),
        ("appointment_type.changed", {"fields": ["doctors"]}),
    ]


def test_two_changes_of_different_fields_both_hold(organisation: Organisation) -> None:
    """Each editor has read the row as it was before."""
    kind = make_type(organisation=organisation)
    first, second = (AppointmentType.objects.get(pk=kind.pk) for _ in range(2))

    types.change_type(first, {"name": "Check"}, **BY)
    types.change_type(second, {"duration_minutes": 45}, **BY)

    kind.refresh_from_db()
    assert (kind.name, kind.duration_minutes) == ("Check", 45)


def test_no_doctor_of_another_organisation(organisation: Organisation) -> None:
    stranger = make_doctor(organisation=make_organisation(name="Other"))

    with pytest.raises(Invalid) as refusal:
        types.add_type(new(organisation), doctors=[stranger], **BY)

    assert refusal.value.field == "doctor_uids"
    assert not AppointmentType.objects.exists()


def test_what_was_never_booked_is_deleted_with_its_reminders(organisation: Organisation) -> None:
    doctor = make_doctor(organisation=organisation)
    kind = make_type(organisation=organisation, doctors=[doctor])
    rules.add_rule(kind, recipient_group="patient", minutes_before=60, **BY)

    assert types.remove_type(kind, **BY) is None

    assert not AppointmentType.objects.exists()
    assert not ReminderRule.objects.exists()
    assert AuditEntry.objects.latest("id").action == "appointment_type.deleted"
    assert AuditEntry.objects.latest("id").object_uid == kind.uid


@pytest.mark.parametrize("status", ["held", "expired", "cancelled", "confirmed", "completed"])
def test_what_was_ever_booked_is_deactivated_once(organisation: Organisation, status: Any) -> None:
    doctor = make_doctor(organisation=organisation)
    kind = make_type(organisation=organisation, doctors=[doctor])
    patient = make_patient(shop=make_shop(organisation=organisation))
    make_appointment(
        patient=patient, doctor=doctor, appointment_type=kind, starts_at=NOW, status=status
    )

    first, again = types.remove_type(kind, **BY), types.remove_type(kind, **BY)

    assert (first, again) == (kind, kind)
    kind.refresh_from_db()
    assert not kind.is_active
    assert audited() == [("appointment_type.deactivated", {})]


class Paused:
    """A step of a verb that stops, once done, until it is let go; then it is itself again."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, module: Any, step: str) -> None:
        self.done, self.let_go = threading.Event(), threading.Event()
        self.real, self.undo = getattr(module, step), monkeypatch.undo
        monkeypatch.setattr(module, step, self)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.real(*args, **kwargs)
        self.undo()
        self.done.set()
        assert self.let_go.wait(20)
        return result


def meanwhile(paused: Paused, first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """The answers of `second`, carried out while `first` stands still, and of `first`."""

    def in_a_thread() -> Any:
        try:
            return first()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(in_a_thread)
        assert paused.done.wait(20)
        answer = second()
        paused.let_go.set()
        return answer, running.result(20)


@pytest.fixture
def bookable(transactional_db: None) -> tuple[AppointmentType, Callable[[], str]]:
    """A type nobody has booked yet, and its first hold."""
    organisation = make_organisation()
    doctor = make_doctor(organisation=organisation)
    open_all_week(doctor)
    kind = make_type(organisation=organisation, doctors=[doctor])
    patient = make_patient(shop=make_shop(organisation=organisation))

    def hold() -> str:
        try:
            held = lifecycle.hold(
                patient=patient,
                appointment_type=kind,
                starts_at=NOW + timedelta(hours=5),
                actor=PARTNER,
                now=NOW,
            )
        except Refused as refusal:
            return f"{refusal.code}: {refusal.details['reason']}"
        return str(held.status)

    return kind, hold


# Both have looked before the other has committed; references are checked at the commit.


def test_a_hold_that_commits_before_a_removal_wins(
    bookable: tuple[AppointmentType, Callable[[], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, hold = bookable
    paused = Paused(monkeypatch, types, "_audit")

    held, left = meanwhile(paused, lambda: types.remove_type(kind, **BY), hold)

    assert (held, left) == ("held", kind)
    assert not AppointmentType.objects.get().is_active


def test_a_removal_that_commits_before_a_hold_wins(
    bookable: tuple[AppointmentType, Callable[[], str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, hold = bookable
    paused = Paused(monkeypatch, holds, "announce")

    left, held = meanwhile(paused, hold, lambda: types.remove_type(kind, **BY))

    assert (left, held) == (None, "slot_unavailable: not_offered")
    assert not Appointment.objects.exists()
