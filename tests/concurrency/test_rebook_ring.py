"""Visits that move onto each other's times in parallel: never two in one slot, never a patient without one."""

from collections.abc import Sequence
from functools import partial

import pytest

from appointments import lifecycle, slots
from appointments.models import Appointment
from appointments.status import Status
from tests.appointments.clinic import HOUR, START, Clinic, make_clinic
from tests.factories import NOW, PATIENT

from .racing import Work, count_of_overlaps, meet_after, race, tally

pytestmark = pytest.mark.django_db(transaction=True)


def ring(clinic: Clinic, visits: Sequence[Appointment]) -> list[Work]:
    """Each moves to where the next one is."""
    return [
        partial(
            lifecycle.rebook,
            visit,
            starts_at=following.starts_at,
            doctor=clinic.doctor,
            actor=PATIENT,
            now=NOW,
        )
        for visit, following in zip(visits, [*visits[1:], visits[0]], strict=True)
    ]


def assert_nobody_lost_a_visit(visits: Sequence[Appointment]) -> None:
    assert count_of_overlaps() == 0
    for visit in visits:
        booked = Appointment.objects.filter(patient=visit.patient, status=Status.CONFIRMED)
        assert booked.count() == 1


@pytest.fixture
def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The predicate finds everybody free: the moves go on to the insert."""

    def judge(kind: object, *, doctor: object, **_: object) -> slots.Judgement:
        return slots.Judgement(free=[doctor])  # type: ignore[list-item]  # a doctor

    monkeypatch.setattr(slots, "judge", judge)


def test_a_ring_of_three_finds_every_time_taken(transient: list[str]) -> None:
    clinic = make_clinic()
    visits = [clinic.book(START + n * HOUR) for n in range(3)]

    for _ in range(3):
        assert tally(race(ring(clinic, visits))) == {"slot_taken": 3}
    assert_nobody_lost_a_visit(visits)
    assert transient == []


@pytest.mark.usefixtures("blind")
def test_a_ring_that_goes_on_to_the_insert_does_not_deadlock(transient: list[str]) -> None:
    clinic = make_clinic()
    visits = [clinic.book(START + n * HOUR, doctor=clinic.doctor) for n in range(3)]

    for _ in range(3):
        assert tally(race(ring(clinic, visits))) == {"slot_taken": 3}
    assert_nobody_lost_a_visit(visits)
    assert transient == []


@pytest.mark.usefixtures("blind")
def test_control_without_the_organisations_lock_the_ring_deadlocks(
    monkeypatch: pytest.MonkeyPatch, transient: list[str]
) -> None:
    clinic = make_clinic()
    visits = [clinic.book(START + n * HOUR, doctor=clinic.doctor) for n in range(3)]
    monkeypatch.setattr("appointments.rebooking.lock_organisation", lambda pk: None)
    meet_after(monkeypatch, "appointments.rebooking._cancel_as_rebooked", parties=3)

    race(ring(clinic, visits))

    assert "40P01" in transient
    assert_nobody_lost_a_visit(visits)  # the retries save even that


def test_a_row_of_visits_moves_up_into_the_free_time_one_at_a_time(transient: list[str]) -> None:
    """All want the one free slot: one moves, the others keep what they have."""
    clinic = make_clinic()

    for n in range(2):
        day = START + n * 24 * HOUR
        visits = [clinic.book(day + k * HOUR) for k in range(4)]
        outcomes = race(
            [
                partial(lifecycle.rebook, visit, starts_at=day + 5 * HOUR, actor=PATIENT, now=NOW)
                for visit in visits
            ]
        )
        assert tally(outcomes) == {"done": 1, "slot_taken": 3}
        assert_nobody_lost_a_visit(visits)
    assert transient == []


def test_rebooks_and_holds_at_one_time_have_one_winner(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(2):
        day = START + n * 24 * HOUR
        visit = clinic.book(day)
        target = day + 5 * HOUR
        works: list[Work] = [
            partial(lifecycle.rebook, visit, starts_at=target, actor=PATIENT, now=NOW),
            *(partial(clinic.hold, target, patient=clinic.new_patient()) for _ in range(5)),
        ]
        assert tally(race(works)) == {"done": 1, "slot_taken": 5}
        assert_nobody_lost_a_visit([visit])
    assert transient == []
