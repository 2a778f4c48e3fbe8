"""Two acts on one visit, or one patient's two visits, in the same moment: one outcome, and it is the row's."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import transaction

from appointments import lifecycle, transitions
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from tests.appointments.clinic import HOUR, MINUTE, START, make_clinic
from tests.factories import NOW, PARTNER, PATIENT

from .racing import (
    count_of_overlaps,
    meet_after,
    race,
    tally,
    wait_until_somebody_waits,
    without_constraint,
)

pytestmark = pytest.mark.django_db(transaction=True)

RUN_OUT = NOW + 15 * MINUTE
JUST_BEFORE = RUN_OUT - timedelta(microseconds=1)


def expire(held: Appointment) -> Appointment:
    lifecycle.expire_stale_holds(now=RUN_OUT)
    return held


def test_confirm_and_expiry_in_one_moment_have_one_outcome(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(6):
        held = clinic.hold(START + n * HOUR)
        confirmation = partial(lifecycle.confirm, held, actor=PATIENT, now=JUST_BEFORE)
        answer, _ = race([confirmation, partial(expire, held)])

        held.refresh_from_db()
        if isinstance(answer, Refused):
            assert (answer.code, held.status) == ("hold_expired", Status.EXPIRED)
        else:
            assert held.status == answer.status == Status.CONFIRMED
        assert held.transitions.count() == 2
    assert transient == []


def test_confirm_and_a_hold_over_it_in_one_moment_never_both_win(transient: list[str]) -> None:
    clinic = make_clinic()

    for n in range(6):
        starts_at = START + n * HOUR
        held = clinic.hold(starts_at)
        confirmed, taken = race(
            [
                partial(lifecycle.confirm, held, actor=PATIENT, now=JUST_BEFORE),
                partial(clinic.hold, starts_at, patient=clinic.new_patient(), now=RUN_OUT),
            ]
        )
        held.refresh_from_db()
        assert isinstance(confirmed, Refused) != isinstance(taken, Refused)
        won = Status.EXPIRED if isinstance(confirmed, Refused) else Status.CONFIRMED
        assert held.status == won
    assert count_of_overlaps() == 0
    assert transient == []


def test_one_patients_two_confirms_have_one_winner_and_no_deadlock(transient: list[str]) -> None:
    clinic = make_clinic(doctors=2, slot_interval_minutes=15)

    for n in range(8):
        patient = clinic.new_patient()
        starts_at = START + n * HOUR
        pair = [
            clinic.hold(starts_at, patient=patient, doctor=clinic.doctors[0]),
            clinic.hold(starts_at + 15 * MINUTE, patient=patient, doctor=clinic.doctors[1]),
        ]
        outcomes = race([partial(lifecycle.confirm, held, actor=PATIENT, now=NOW) for held in pair])
        assert tally(outcomes) == {"done": 1, "patient_already_booked": 1}
    assert count_of_overlaps() == 0
    assert transient == []


def test_control_without_the_constraint_a_patient_is_booked_twice() -> None:
    clinic = make_clinic(doctors=2)
    patient = clinic.new_patient()
    held = [clinic.hold(patient=patient, doctor=doctor) for doctor in clinic.doctors]

    with without_constraint("appointment_no_patient_twice_at_once"):
        outcomes = race([partial(lifecycle.confirm, each, actor=PATIENT, now=NOW) for each in held])
        assert tally(outcomes) == {"done": 2}
        assert count_of_overlaps() == 1


def test_two_rebooks_of_one_visit_have_one_winner_whom_the_loser_names(
    transient: list[str],
) -> None:
    clinic = make_clinic(doctors=2)

    for n in range(3):
        old = clinic.book(START + n * HOUR)
        outcomes = race(
            [
                partial(
                    lifecycle.rebook,
                    old,
                    starts_at=START + (24 * (k + 1) + n) * HOUR,
                    actor=PARTNER,
                    now=NOW,
                )
                for k in range(4)
            ]
        )
        assert tally(outcomes) == {"done": 1, "wrong_status": 3}
        (new,) = Appointment.objects.filter(previous=old)
        for refused in outcomes:
            if isinstance(refused, Refused):
                assert refused.details["rebooked_to_uid"] == new.uid
    assert count_of_overlaps() == 0
    assert transient == []


def test_cancel_and_confirm_in_one_moment_answer_as_if_one_came_later(
    transient: list[str],
) -> None:
    clinic = make_clinic()

    for n in range(5):
        held = clinic.hold(START + n * HOUR)
        confirmed, cancelled = race(
            [
                partial(lifecycle.confirm, held, actor=PATIENT, now=NOW),
                partial(lifecycle.cancel, held, actor=PARTNER, now=NOW),
            ]
        )
        held.refresh_from_db()
        assert held.status == Status.CANCELLED
        assert not isinstance(cancelled, Refused)
        assert tally([confirmed]) in ({"done": 1}, {"wrong_status": 1})
        assert held.transitions.count() == (2 if isinstance(confirmed, Refused) else 3)
    assert transient == []


def test_a_move_that_waited_gets_the_answer_of_a_call_that_came_later(
    transient: list[str],
) -> None:
    """The row is read under its lock, so what the winner wrote is what the loser answers from."""
    held = make_clinic().hold()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lifecycle.cancel(held, actor=PARTNER, now=NOW)
            confirmation = partial(lifecycle.confirm, held, actor=PATIENT, now=NOW)
            later = pool.submit(race, [confirmation])
            wait_until_somebody_waits()
        (refused,) = later.result()

    assert isinstance(refused, Refused)
    assert refused.details == {"status": "cancelled", "rebooked_to_uid": None}
    assert transient == []


def test_control_without_the_rows_lock_the_swap_still_refuses_to_overwrite(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Both read "held"; the compare-and-swap finds that one of them is no longer right."""
    held = make_clinic().hold()

    def unlocked(appointment: Appointment) -> Appointment:
        return Appointment.objects.for_display().get(pk=appointment.pk)

    monkeypatch.setattr("appointments.cancelling.lock_appointment", unlocked)
    meet_after(monkeypatch, "appointments.cancelling.lock_appointment", parties=2)

    with pytest.raises(transitions.IllegalMove, match="0 of 1 rows were still held"):
        race([partial(lifecycle.cancel, held, actor=PARTNER, now=NOW)] * 2)
    assert held.transitions.count() == 2
