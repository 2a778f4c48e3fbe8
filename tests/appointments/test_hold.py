"""Holding a time: what is written, whom it refuses, and that a hold which ran out is free at that moment."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import lifecycle, slots
from appointments.choosing import in_fair_order
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from availability.models import BookingStop
from common.clock import to_epoch
from common.sql import insert_or_nothing
from notifications.models import Event
from organisations.actors import ActorKind
from tests.factories import NOW, PARTNER, PATIENT, make_appointment, make_type

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


def refusal(clinic: Clinic, **hold: object) -> Refused:
    with pytest.raises(Refused) as refused:
        clinic.hold(**hold)  # type: ignore[arg-type]  # passed through unread
    return refused.value


class TestTheHold:
    def test_it_takes_the_time_for_the_patient_and_runs_for_the_types_time_to_live(
        self, clinic: Clinic
    ) -> None:
        patient = clinic.new_patient()

        held = clinic.hold(patient=patient, actor=PARTNER, client_reference="order-7")

        stored = Appointment.objects.get()
        assert stored == held
        assert stored.status == Status.HELD
        assert (stored.patient, stored.doctor, stored.shop) == (patient, clinic.doctor, clinic.shop)
        assert (stored.starts_at, stored.ends_at) == (START, START + 30 * MINUTE)
        assert stored.hold_expires_at == NOW + 15 * MINUTE
        assert stored.client_reference == "order-7"
        assert stored.status_changed_by == ActorKind.PARTNER
        assert (stored.created_at, stored.updated_at, stored.status_changed_at) == (NOW, NOW, NOW)

    def test_the_types_rules_are_stamped_on_it(self) -> None:
        clinic = make_clinic(
            buffer_before_minutes=5,
            buffer_after_minutes=10,
            cancellation_notice_minutes=30,
            rebooking_notice_minutes=45,
            rebooking_mode="same_doctor",
        )

        held = clinic.hold()
        clinic.kind.cancellation_notice_minutes = 1
        clinic.kind.save()

        held.refresh_from_db()
        assert (held.blocked_from, held.blocked_until) == (
            START - 5 * MINUTE,
            START + (30 + 10) * MINUTE,
        )
        assert (held.cancellation_notice_minutes, held.rebooking_notice_minutes) == (30, 45)
        assert held.rebooking_mode == "same_doctor"

    def test_it_never_outlives_its_start(self, clinic: Clinic) -> None:
        held = clinic.hold(START, now=START - 10 * MINUTE)

        assert held.hold_expires_at == START

    def test_its_history_and_its_event_are_written_with_it(self, clinic: Clinic) -> None:
        held = clinic.hold(actor=PARTNER)

        history = AppointmentTransition.objects.get()
        assert (history.from_status, history.to_status) == ("", Status.HELD)
        assert (history.actor_kind, history.actor_uid) == (PARTNER.kind, PARTNER.uid)
        event = Event.objects.get()
        assert event.subject_uid == held.uid
        assert event.is_hold_event
        assert event.data["status"] == "held"
        assert event.data["previous_status"] is None
        assert event.timestamp == to_epoch(NOW)

    def test_what_it_returns_can_be_shown_without_asking_the_database_again(
        self, clinic: Clinic
    ) -> None:
        held = clinic.hold()

        with CaptureQueriesContext(connection) as captured:
            assert held.doctor.display_name
            assert held.shop.identifier
            assert held.previous is None
            assert getattr(held, "rebooked_to", None) is None
        assert len(captured) == 0


class TestTheTime:
    def test_a_second_hold_of_the_same_time_finds_it_taken(self, clinic: Clinic) -> None:
        clinic.hold()

        assert refusal(clinic).code == "slot_taken"

    def test_buffers_of_both_neighbours_count(self) -> None:
        clinic = make_clinic(slot_interval_minutes=5)
        before = make_type(
            organisation=clinic.organisation,
            doctors=clinic.doctors,
            buffer_before_minutes=10,
            slot_interval_minutes=5,
        )
        clinic.hold(START)

        assert refusal(clinic, kind=before, starts_at=START + 35 * MINUTE).code == "slot_taken"
        clinic.hold(START + 40 * MINUTE, kind=before)
        # The other side has no buffer after, so the next one may touch.
        clinic.hold(START + 70 * MINUTE)

    @pytest.mark.parametrize("minutes", [-15, 15])
    def test_overlaps_with_another_start_and_across_types_of_one_doctor_are_taken(
        self, clinic: Clinic, minutes: int
    ) -> None:
        other = make_type(
            organisation=clinic.organisation, doctors=clinic.doctors, slot_interval_minutes=15
        )
        clinic.hold(START)

        assert refusal(clinic, kind=other, starts_at=START + minutes * MINUTE).code == "slot_taken"
        clinic.hold(START + 30 * MINUTE, kind=other)

    def test_the_database_refuses_even_when_the_predicate_saw_the_time_free(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clinic.hold()
        free = slots.Judgement(free=[clinic.doctor])
        monkeypatch.setattr(slots, "judge", lambda *args, **kwargs: free)

        assert refusal(clinic).code == "slot_taken"

    def test_a_hold_that_ran_out_is_free_at_that_moment(self, clinic: Clinic) -> None:
        stale = clinic.hold(now=NOW)
        just_before = NOW + 15 * MINUTE - timedelta(microseconds=1)
        assert refusal(clinic, now=just_before).code == "slot_taken"

        taken = clinic.hold(now=NOW + 15 * MINUTE)

        stale.refresh_from_db()
        assert (stale.status, taken.status) == (Status.EXPIRED, Status.HELD)
        assert stale.status_changed_by == ActorKind.SYSTEM
        last = stale.transitions.last()
        assert last is not None
        assert (last.from_status, last.to_status) == (Status.HELD, Status.EXPIRED)
        assert Event.objects.filter(subject_uid=stale.uid, data__status="expired").count() == 1

    def test_every_hold_in_the_way_that_ran_out_gives_way(self) -> None:
        clinic = make_clinic(slot_interval_minutes=15)
        quarter = make_type(
            organisation=clinic.organisation, doctors=clinic.doctors, duration_minutes=15
        )
        first = clinic.hold(START, kind=quarter)
        second = clinic.hold(START + 15 * MINUTE, kind=quarter)

        clinic.hold(START, now=NOW + HOUR)

        for stale in (first, second):
            stale.refresh_from_db()
            assert stale.status == Status.EXPIRED

    def test_a_refused_hold_leaves_nothing_behind_not_even_expired_neighbours(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        quarter = make_type(
            organisation=clinic.organisation, doctors=clinic.doctors, duration_minutes=15
        )
        stale = clinic.hold(START, kind=quarter)
        clinic.book(START + 15 * MINUTE, kind=quarter)
        free = slots.Judgement(free=[clinic.doctor])
        monkeypatch.setattr(slots, "judge", lambda *args, **kwargs: free)

        assert refusal(clinic, now=NOW + HOUR).code == "slot_taken"

        stale.refresh_from_db()
        assert stale.status == Status.HELD
        assert Appointment.objects.count() == 2

    def test_a_doctor_who_is_given_up_on_keeps_the_hold_that_was_to_give_way(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Another took the time just then: the next doctor is tried as if nothing had been touched."""
        clinic = make_clinic(doctors=2)
        first, second = in_fair_order(clinic.doctors, starts_at=START, now=NOW)
        stale = clinic.hold(doctor=first, now=NOW - HOUR)

        def insert(visit: Appointment) -> bool:
            return visit.doctor != first and insert_or_nothing(visit)

        monkeypatch.setattr("appointments.placing.insert_or_nothing", insert)

        assert clinic.hold().doctor == second
        stale.refresh_from_db()
        assert (stale.status, stale.transitions.count()) == (Status.HELD, 1)


class TestTheRefusals:
    def test_a_start_that_is_never_offered_says_why(self, clinic: Clinic) -> None:
        refused = refusal(clinic, starts_at=START + MINUTE)

        assert (refused.code, refused.details) == ("slot_unavailable", {"reason": "off_grid"})

    def test_notice_and_horizon_are_checked_and_their_border_is_allowed(self) -> None:
        clinic = make_clinic(min_booking_notice_minutes=60, booking_horizon_days=1)

        assert refusal(
            clinic, starts_at=START, now=START - HOUR + timedelta(seconds=1)
        ).details == {"reason": "notice"}
        assert refusal(clinic, starts_at=START, now=START - 25 * HOUR).details == {
            "reason": "horizon"
        }
        assert clinic.hold(START, now=START - HOUR).status == Status.HELD

    @pytest.mark.parametrize("closed", ["shop", "organisation", "doctor", "kind"])
    def test_what_is_deactivated_takes_no_hold(self, clinic: Clinic, closed: str) -> None:
        thing = getattr(clinic, closed)
        thing.is_active = False
        thing.save()

        refused = refusal(clinic)

        assert (refused.code, refused.details) == ("slot_unavailable", {"reason": "not_offered"})

    def test_another_organisations_type_or_doctor_is_not_offered(self, clinic: Clinic) -> None:
        other = make_clinic()

        for foreign in ({"kind": other.kind}, {"doctor": other.doctor}):
            assert refusal(clinic, **foreign).details == {"reason": "not_offered"}

    def test_a_doctor_whose_bookings_are_stopped_takes_no_hold(self, clinic: Clinic) -> None:
        BookingStop.objects.create(
            organisation=clinic.organisation, doctor=clinic.doctor, reason="Ill", created_at=NOW
        )

        assert refusal(clinic).details == {"reason": "stopped"}

    def test_a_patient_holds_three_times_and_no_more_and_learns_which(self, clinic: Clinic) -> None:
        patient = clinic.new_patient()
        held = [clinic.hold(START + n * HOUR, patient=patient) for n in range(3)]

        refused = refusal(clinic, starts_at=START + 3 * HOUR, patient=patient)

        assert refused.code == "too_many_holds"
        assert refused.details == {"active_holds": [appointment.uid for appointment in held]}

    def test_holds_that_ran_out_were_confirmed_or_let_go_do_not_count(self, clinic: Clinic) -> None:
        patient = clinic.new_patient()
        clinic.hold(START, patient=patient, now=NOW - HOUR)
        clinic.book(START + HOUR, patient=patient)
        let_go = clinic.hold(START + 2 * HOUR, patient=patient)
        lifecycle.cancel(let_go, actor=PATIENT, now=NOW)

        for n in range(3, 6):
            assert clinic.hold(START + n * HOUR, patient=patient).status == Status.HELD

    def test_the_limit_is_a_setting(self, clinic: Clinic, settings: object) -> None:
        settings.MAX_ACTIVE_HOLDS_PER_PATIENT = 1  # type: ignore[attr-defined]  # pytest-django's
        patient = clinic.new_patient()
        clinic.hold(START, patient=patient)

        assert refusal(clinic, starts_at=START + HOUR, patient=patient).code == "too_many_holds"

    def test_a_clash_with_the_patients_own_confirmed_visit_is_refused_at_hold_already(self) -> None:
        clinic = make_clinic(doctors=2, slot_interval_minutes=15)
        patient = clinic.new_patient()
        clinic.book(START, patient=patient)

        for starts_at in (START, START + 15 * MINUTE, START - 15 * MINUTE):
            assert (
                refusal(clinic, starts_at=starts_at, patient=patient).code
                == "patient_already_booked"
            )
        assert clinic.hold(START + 30 * MINUTE, patient=patient).status == Status.HELD

    def test_the_patients_own_held_time_with_another_doctor_is_no_clash(self) -> None:
        clinic = make_clinic(doctors=2)
        patient = clinic.new_patient()

        clinic.hold(START, patient=patient)

        assert clinic.hold(START, patient=patient).status == Status.HELD


def test_an_uncontended_hold_costs_ten_statements(clinic: Clinic) -> None:
    """The patient's lock; limit and clashes; doctors, windows and busy times of the predicate; the
    insert; the history; and the outbox's subscriptions, numbers and events."""
    patient = clinic.new_patient()

    with CaptureQueriesContext(connection) as captured:
        clinic.hold(patient=patient)

    statements = [str(query["sql"]) for query in captured.captured_queries]
    # This test's own transaction makes the verb's one a savepoint.
    assert len([text for text in statements if "SAVEPOINT" not in text]) == 10


def test_a_doctor_is_chosen_with_one_statement_more() -> None:
    clinic = make_clinic(doctors=30)
    few = make_type(organisation=clinic.organisation, doctors=clinic.doctors[:2])
    patient = clinic.new_patient()

    counts = []
    for n, kind in enumerate((few, clinic.kind)):
        with CaptureQueriesContext(connection) as captured:
            clinic.hold(START + n * HOUR, patient=patient, kind=kind)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_an_old_row_of_the_factories_can_be_in_the_way_too(clinic: Clinic) -> None:
    make_appointment(
        patient=clinic.new_patient(),
        doctor=clinic.doctor,
        appointment_type=clinic.kind,
        starts_at=START,
    )

    assert refusal(clinic).code == "slot_taken"
