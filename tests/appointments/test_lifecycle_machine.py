"""Random lives of appointments against a model of the contract's table, with the invariants after each step."""

from collections import defaultdict
from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from appointments import lifecycle, slots
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentTransition
from appointments.status import MOVES, Status
from common.clock import from_epoch, to_epoch
from notifications.models import Event
from organisations.actors import Actor
from tests.concurrency.racing import count_of_overlaps
from tests.factories import ADMIN, NOW, PARTNER, PATIENT
from tests.fuzzing import examples, seconds

from .clinic import HOUR, MINUTE, make_clinic

ACTORS = st.sampled_from([PATIENT, PARTNER, ADMIN])
ANY = st.integers(0, 999)
NOTICE = HOUR
FINISHED_AFTER = HOUR


class Lifecycle(RuleBasedStateMachine):
    """Two doctors, three patients, one type of 30 minutes on a grid of 15 with a buffer of 5."""

    def __init__(self) -> None:
        super().__init__()
        self.world = transaction.atomic()
        self.world.__enter__()
        self.clinic = make_clinic(doctors=2, slot_interval_minutes=15, buffer_after_minutes=5)
        self.patients = [self.clinic.new_patient() for _ in range(3)]
        self.now = NOW
        # What each visit's status should be now, by its uid.
        self.expected: dict[str, Status] = {}
        self.rows: list[Appointment] | None = None

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.world.__exit__(None, None, None)

    # The model.

    def visits(self) -> list[Appointment]:
        """All rows, read once per step."""
        if self.rows is None:
            self.rows = list(Appointment.objects.order_by("id"))
        return self.rows

    def visit(self, choice: int) -> Appointment:
        visits = self.visits()
        return visits[choice % len(visits)]

    def listed(self, *, leaving_out: Appointment | None = None) -> list[slots.Slot]:
        """The coming four hours'."""
        start = to_epoch(self.now)
        return slots.bookable(
            self.clinic.kind,
            start=start,
            end=start + 4 * 3600,
            now=self.now,
            leaving_out=leaving_out,
        )

    def clashes(self, patient_id: int, starts_at: int, leaving_out: str = "") -> bool:
        """Whether the patient has another confirmed visit within 30 minutes of it."""
        return any(
            visit.patient_id == patient_id
            and self.expected[visit.uid] == Status.CONFIRMED
            and visit.uid != leaving_out
            and abs(to_epoch(visit.starts_at) - starts_at) < 30 * 60
            for visit in self.visits()
        )

    def running_holds(self, patient_id: int) -> int:
        mine = [each for each in self.visits() if each.patient_id == patient_id]
        return sum(self.expected[each.uid] == Status.HELD for each in mine)

    def answers(self, act: Callable[[], Appointment], code: str) -> Appointment | None:
        """`act` is refused with that code, or done where it is "".

        The invariants see afterwards that a refusal changed nothing.
        """
        self.rows = None
        if not code:
            return act()
        with pytest.raises(Refused) as refused:
            act()
        assert refused.value.code == code
        return None

    # The moves.

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE
        for visit in self.visits():
            ran_out = visit.hold_expires_at and self.now >= visit.hold_expires_at
            if self.expected[visit.uid] == Status.HELD and ran_out:
                self.expected[visit.uid] = Status.EXPIRED

    @rule()
    def the_manager_runs(self) -> None:
        lifecycle.expire_stale_holds(now=self.now)
        lifecycle.complete_finished(now=self.now)
        self.rows = None
        for visit in self.visits():
            is_finished = self.now >= visit.ends_at + FINISHED_AFTER
            if self.expected[visit.uid] == Status.CONFIRMED and is_finished:
                self.expected[visit.uid] = Status.COMPLETED

    @rule(who=st.integers(0, 2), choice=ANY, names_doctor=st.booleans())
    def a_listed_slot_is_held(self, who: int, choice: int, names_doctor: bool) -> None:
        listed = self.listed()
        if not listed:
            return  # four hours of both doctors are taken
        slot, patient = listed[choice % len(listed)], self.patients[who]
        doctor = next(each for each in self.clinic.doctors if each.uid == slot.doctor_uid)
        code = "patient_already_booked" if self.clashes(patient.pk, slot.starts_at) else ""
        if self.running_holds(patient.pk) >= 3:
            code = "too_many_holds"

        held = self.answers(
            lambda: self.clinic.hold(
                from_epoch(slot.starts_at),
                patient=patient,
                doctor=doctor if names_doctor else None,
                now=self.now,
            ),
            code,
        )
        if held:
            self.expected[held.uid] = Status.HELD

    @rule(minutes=st.integers(-20, 239))
    def a_start_can_be_held_exactly_when_it_is_listed(self, minutes: int) -> None:
        """Tried by a patient of its own, and undone."""
        starts_at = self.now.replace(second=0) + minutes * MINUTE
        is_listed = to_epoch(starts_at) in {slot.starts_at for slot in self.listed()}
        with transaction.atomic():
            if is_listed:
                assert self.clinic.hold(starts_at, now=self.now).status == Status.HELD
            else:
                with pytest.raises(Refused, match=r"slot_(taken|unavailable)"):
                    self.clinic.hold(starts_at, now=self.now)
            transaction.set_rollback(True)

    @precondition(lambda self: self.expected)
    @rule(choice=ANY, actor=ACTORS)
    def a_visit_is_confirmed(self, choice: int, actor: Actor) -> None:
        visit = self.visit(choice)
        code = {
            Status.HELD: "",
            Status.CONFIRMED: "",
            Status.EXPIRED: "hold_expired",
        }.get(self.expected[visit.uid], "wrong_status")
        if self.expected[visit.uid] == Status.HELD and self.clashes(
            visit.patient_id, to_epoch(visit.starts_at)
        ):
            code = "patient_already_booked"

        if self.answers(lambda: lifecycle.confirm(visit, actor=actor, now=self.now), code):
            self.expected[visit.uid] = Status.CONFIRMED

    @precondition(lambda self: self.expected)
    @rule(choice=ANY, actor=ACTORS)
    def a_visit_is_cancelled(self, choice: int, actor: Actor) -> None:
        visit = self.visit(choice)
        status = self.expected[visit.uid]
        code = "" if status in (Status.HELD, Status.CONFIRMED) else "wrong_status"
        is_late = self.now > visit.starts_at - NOTICE
        if status == Status.CONFIRMED and is_late and actor != ADMIN:
            code = "cancellation_notice_passed"

        def cancel() -> Appointment:
            return lifecycle.cancel(visit, reason="Ill", actor=actor, now=self.now)

        if self.answers(cancel, code):
            self.expected[visit.uid] = Status.CANCELLED

    @precondition(lambda self: self.expected)
    @rule(choice=ANY, to=ANY, actor=ACTORS)
    def a_visit_is_moved_to_a_listed_slot(self, choice: int, to: int, actor: Actor) -> None:
        visit = self.visit(choice)
        listed = self.listed(leaving_out=visit)
        if not listed:
            return
        slot = listed[to % len(listed)]
        doctor = next(each for each in self.clinic.doctors if each.uid == slot.doctor_uid)
        starts_at = from_epoch(slot.starts_at)

        new = self.answers(
            lambda: lifecycle.rebook(
                visit, starts_at=starts_at, doctor=doctor, actor=actor, now=self.now
            ),
            self._refusal_of_move(visit, slot),
        )
        if new:
            self.expected |= {visit.uid: Status.CANCELLED, new.uid: Status.CONFIRMED}
            assert (new.previous, new.doctor, new.starts_at) == (visit, doctor, starts_at)

    def _refusal_of_move(self, visit: Appointment, slot: slots.Slot) -> str:
        if self.expected[visit.uid] != Status.CONFIRMED:
            return "wrong_status"
        if self.now > visit.starts_at - NOTICE:
            return "rebooking_notice_passed"
        if self.clashes(visit.patient_id, slot.starts_at, leaving_out=visit.uid):
            return "patient_already_booked"
        is_same = (slot.starts_at, slot.doctor_uid) == (
            to_epoch(visit.starts_at),
            visit.doctor.uid,
        )
        return "slot_unavailable" if is_same else ""

    @precondition(lambda self: self.expected)
    @rule(choice=ANY, outcome=st.sampled_from([Status.COMPLETED, Status.NO_SHOW]))
    def staff_say_what_became_of_a_visit(self, choice: int, outcome: Status) -> None:
        visit = self.visit(choice)
        verb = lifecycle.complete if outcome == Status.COMPLETED else lifecycle.mark_no_show
        status = self.expected[visit.uid]
        code = "" if self.now >= visit.starts_at else "not_started"
        if status not in (Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW):
            code = "wrong_status"

        if self.answers(lambda: verb(visit, actor=ADMIN, now=self.now), code):
            self.expected[visit.uid] = outcome

    # What must always be true.

    @invariant()
    def every_status_is_what_the_model_says(self) -> None:
        assert {each.uid: each.status_at(self.now) for each in self.visits()} == self.expected

    @invariant()
    def nobody_is_in_two_places(self) -> None:
        assert count_of_overlaps() == 0

    @invariant()
    def no_patient_holds_more_than_three_times(self) -> None:
        assert all(self.running_holds(patient.pk) <= 3 for patient in self.patients)

    @invariant()
    def every_history_is_a_walk_through_the_table(self) -> None:
        walked: dict[int, Status] = {}
        for each in AppointmentTransition.objects.order_by("id"):
            old, new = each.from_status, Status(each.to_status)
            if each.appointment_id in walked:
                assert old == walked[each.appointment_id]
                assert new in MOVES[Status(old)]
            else:
                assert (old, new) in (("", Status.HELD), ("", Status.CONFIRMED))
            walked[each.appointment_id] = new
        assert walked == {each.pk: each.status for each in self.visits()}

    @invariant()
    def every_move_was_told_once_with_rising_timestamps(self) -> None:
        told: dict[str, list[int]] = defaultdict(list)
        for event in Event.objects.order_by("id"):
            told[event.subject_uid].append(event.timestamp)
        for stamps in told.values():
            assert stamps == sorted(set(stamps))
        moves = AppointmentTransition.objects.count()
        assert sum(map(len, told.values())) == moves

    @invariant()
    def a_moved_visit_is_cancelled_and_followed_by_one(self) -> None:
        moved = Appointment.objects.exclude(previous=None).select_related("previous")
        for visit in moved:
            assert visit.previous is not None
            assert visit.previous.status == Status.CANCELLED
            assert visit.previous.cancellation_reason == "rebooked"
            sequence = visit.previous.invitation_sequence + (visit.status == Status.CANCELLED)
            assert visit.invitation_sequence == sequence


@pytest.mark.fuzz
@pytest.mark.django_db
@pytest.mark.timeout(seconds(300))
def test_lives_of_appointments_follow_the_model() -> None:
    run_state_machine_as_test(
        Lifecycle,
        settings=settings(
            max_examples=examples(15),
            stateful_step_count=25,
            deadline=None,
            database=None,
            derandomize=True,  # the same lives on every machine; change the numbers to try others
            phases=(Phase.generate,),  # shrinking lives of this length outlasts any timeout
            suppress_health_check=list(HealthCheck),
        ),
    )
