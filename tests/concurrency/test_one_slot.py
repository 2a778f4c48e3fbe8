"""Many at one doctor's time: one wins, nobody deadlocks, and without the constraint more would."""

import threading
from functools import partial

import pytest

from appointments import slots
from appointments.models import Appointment
from appointments.status import Status
from tests.appointments.clinic import HOUR, MINUTE, START, Clinic, make_clinic
from tests.factories import NOW, make_type

from .racing import Work, count_of_overlaps, meet_after, race, tally, without_constraint

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 8


def holds(clinic: Clinic, count: int = MANY, **fields: object) -> list[Work]:
    return [
        partial(clinic.hold, patient=clinic.new_patient(), **fields)  # type: ignore[arg-type]  # passed through
        for _ in range(count)
    ]


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The predicate finds everybody free: only the database is left to refuse."""

    def judge(kind: object, *, doctor: object, **_: object) -> slots.Judgement:
        return slots.Judgement(free=[doctor])  # type: ignore[list-item]  # a doctor

    monkeypatch.setattr(slots, "judge", judge)


def test_one_of_many_gets_the_slot_round_after_round(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(3):
        outcomes = race(holds(clinic, starts_at=START + n * HOUR))
        assert tally(outcomes) == {"done": 1, "slot_taken": MANY - 1}
    assert Appointment.objects.count() == 3
    assert transient == []


@pytest.mark.usefixtures("blind")
def test_the_constraint_alone_lets_one_through(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(3):
        outcomes = race(holds(clinic, starts_at=START + n * HOUR, doctor=clinic.doctor))
        assert tally(outcomes) == {"done": 1, "slot_taken": MANY - 1}
    assert count_of_overlaps() == 0
    assert transient == []


def test_control_without_the_constraint_a_slot_is_sold_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clinic = make_clinic()
    meet_after(monkeypatch, "appointments.slots.judge", parties=4)

    with without_constraint("appointment_no_doctor_twice_at_once"):
        outcomes = race(holds(clinic, 4))
        assert tally(outcomes) == {"done": 4}
        assert count_of_overlaps() == 6


def test_with_the_constraint_the_same_meeting_has_one_winner(
    monkeypatch: pytest.MonkeyPatch, transient: list[str]
) -> None:
    clinic = make_clinic()
    meet_after(monkeypatch, "appointments.slots.judge", parties=4)

    assert tally(race(holds(clinic, 4))) == {"done": 1, "slot_taken": 3}
    assert transient == []


@pytest.mark.usefixtures("blind")
def test_overlaps_with_other_starts_and_across_types_never_coexist(transient: list[str]) -> None:
    clinic = make_clinic(slot_interval_minutes=10, buffer_after_minutes=5)
    other = make_type(
        organisation=clinic.organisation,
        doctors=clinic.doctors,
        duration_minutes=45,
        slot_interval_minutes=15,
        buffer_before_minutes=10,
    )

    for n in range(2):
        day = START + n * 24 * HOUR
        works = [
            partial(
                clinic.hold,
                day + minutes * MINUTE,
                patient=clinic.new_patient(),
                kind=kind,
                doctor=clinic.doctor,
            )
            for kind, step in ((clinic.kind, 10), (other, 15))
            for minutes in range(0, 60, step)
        ]
        assert tally(race(works))["done"] >= 1
    assert count_of_overlaps() == 0
    assert transient == []


def test_over_a_hold_that_ran_out_one_of_many_wins(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(2):
        starts_at = START + n * HOUR
        stale = clinic.hold(starts_at, now=NOW - HOUR)
        assert tally(race(holds(clinic, starts_at=starts_at))) == {
            "done": 1,
            "slot_taken": MANY - 1,
        }
        stale.refresh_from_db()
        assert stale.status == Status.EXPIRED
        assert stale.transitions.count() == 2
    assert transient == []


@pytest.mark.usefixtures("blind")
def test_holds_that_ran_out_side_by_side_give_way_without_a_deadlock(
    transient: list[str],
) -> None:
    """Takers of neighbouring and overlapping times, each over two stale holds."""
    clinic = make_clinic(slot_interval_minutes=5)
    quarter = make_type(
        organisation=clinic.organisation, doctors=clinic.doctors, duration_minutes=15
    )
    for n in range(2):
        day = START + n * 24 * HOUR
        for minutes in range(0, 90, 15):
            clinic.hold(day + minutes * MINUTE, kind=quarter, doctor=clinic.doctor, now=NOW - HOUR)
        works = [
            partial(
                clinic.hold,
                day + minutes * MINUTE,
                patient=clinic.new_patient(),
                doctor=clinic.doctor,
            )
            for minutes in range(0, 60, 5)
        ]
        assert tally(race(works))["done"] >= 1
    assert count_of_overlaps() == 0
    assert transient == []


def test_any_doctor_uses_every_free_doctor_before_refusing(transient: list[str]) -> None:
    clinic = make_clinic(doctors=6)

    for n in range(2):
        outcomes = race(holds(clinic, 6, starts_at=START + n * HOUR))
        assert tally(outcomes) == {"done": 6}
        assert tally(race(holds(clinic, 1, starts_at=START + n * HOUR))) == {"slot_taken": 1}
    assert count_of_overlaps() == 0
    assert transient == []


def test_a_patients_parallel_holds_keep_to_the_limit(transient: list[str]) -> None:
    clinic = make_clinic()
    patient = clinic.new_patient()

    outcomes = race([partial(clinic.hold, START + n * HOUR, patient=patient) for n in range(MANY)])

    assert tally(outcomes) == {"done": 3, "too_many_holds": MANY - 3}
    assert transient == []


def test_control_without_the_patients_lock_the_limit_is_overrun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clinic = make_clinic()
    patient = clinic.new_patient()
    monkeypatch.setattr("appointments.holds.locked_patient", lambda given: given)
    meet_after(monkeypatch, "appointments.slots.judge", parties=6)

    outcomes = race([partial(clinic.hold, START + n * HOUR, patient=patient) for n in range(6)])

    assert tally(outcomes) == {"done": 6}


def test_no_thread_is_left_behind() -> None:
    race(holds(make_clinic(), 2))

    assert threading.active_count() == 1
