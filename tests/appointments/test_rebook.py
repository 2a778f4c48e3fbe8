"""Rebooking: rule 19 of the behaviour, sentence by sentence."""

import pytest

from appointments import lifecycle, links, slots
from appointments.errors import Refused
from appointments.events import representation
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Delivery, Event
from organisations.actors import Actor
from organisations.models import Doctor
from tests.factories import ADMIN, DOCTOR, NOW, PARTNER, PATIENT, make_type
from tests.standing import Stand

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db

LATER = START + 24 * HOUR


@pytest.fixture(scope="module")
def standing_clinic(stand: Stand) -> Clinic:
    return stand(lambda: make_clinic(doctors=3, slot_interval_minutes=15))


def rebook(
    visit: Appointment,
    starts_at: object = LATER,
    *,
    doctor: Doctor | None = None,
    actor: Actor = PATIENT,
    tell_patient: bool = True,
) -> Appointment:
    return lifecycle.rebook(
        visit,
        starts_at=starts_at,  # type: ignore[arg-type]  # a default that needs no import
        doctor=doctor,
        actor=actor,
        now=NOW,
        tell_patient=tell_patient,
    )


def refusal(visit: Appointment, *args: object, **kwargs: object) -> Refused:
    before = Appointment.objects.values().get(pk=visit.pk)
    with pytest.raises(Refused) as refused:
        rebook(visit, *args, **kwargs)  # type: ignore[arg-type]  # passed through unread
    assert Appointment.objects.values().get(pk=visit.pk) == before
    return refused.value


class TestTheMove:
    def test_a_new_confirmed_visit_follows_the_cancelled_old_one(self, clinic: Clinic) -> None:
        held = clinic.hold(client_reference="order-7")
        old = lifecycle.confirm(held, actor=PATIENT, now=NOW)

        new = rebook(old, actor=PARTNER)

        old.refresh_from_db()
        assert (old.status, old.cancellation_reason) == (Status.CANCELLED, "rebooked")
        assert (old.cancelled_by, old.status_changed_by) == (PARTNER.kind, PARTNER.kind)
        assert old.rebooked_to == new
        assert (new.status, new.previous) == (Status.CONFIRMED, old)
        assert (new.starts_at, new.confirmed_at) == (LATER, NOW)
        assert (new.patient, new.appointment_type) == (old.patient, old.appointment_type)
        assert new.client_reference == "order-7"
        assert new.link_nonce != old.link_nonce

    def test_both_histories_and_both_events_tell_of_it(self, clinic: Clinic) -> None:
        old = clinic.book()

        new = rebook(old, actor=ADMIN)

        moves = [
            [
                (each.from_status, each.to_status, each.reason, each.actor_uid)
                for each in visit.transitions.all()
            ][-1]
            for visit in (old, new)
        ]
        assert moves == [
            (Status.CONFIRMED, Status.CANCELLED, "rebooked", ADMIN.uid),
            ("", Status.CONFIRMED, "rebooked", ADMIN.uid),
        ]
        of_old = Event.objects.get(subject_uid=old.uid, data__status="cancelled").data
        assert of_old["rebooked_to_uid"] == new.uid
        assert (of_old["previous_status"], of_old["cancellation_reason"]) == (
            "confirmed",
            "rebooked",
        )
        of_new = Event.objects.get(subject_uid=new.uid)
        assert of_new.data["previous_meeting_uid"] == old.uid
        assert of_new.data["previous_status"] is None
        assert not of_new.is_hold_event

    def test_the_new_visit_is_stamped_from_the_type_as_it_is_now(self, clinic: Clinic) -> None:
        old = clinic.book()
        clinic.kind.rebooking_notice_minutes = 5
        clinic.kind.buffer_after_minutes = 10
        clinic.kind.save()

        new = rebook(old)

        assert (new.rebooking_notice_minutes, new.buffer_after_minutes) == (5, 10)
        assert new.blocked_until == LATER + 40 * MINUTE

    def test_it_obeys_the_rules_stamped_on_the_old_visit(self) -> None:
        clinic = make_clinic(
            doctors=2, rebooking_mode="same_doctor", rebooking_notice_minutes=7 * 60
        )
        old = clinic.book(doctor=clinic.doctors[0])
        clinic.kind.rebooking_mode, clinic.kind.rebooking_notice_minutes = "any_doctor", 0
        clinic.kind.save()

        assert refusal(old).code == "rebooking_notice_passed"

    def test_its_own_time_does_not_block_the_move(self, clinic: Clinic) -> None:
        old = clinic.book()

        new = rebook(old, START + 15 * MINUTE)

        assert (new.doctor, new.starts_at) == (old.doctor, START + 15 * MINUTE)

    def test_its_old_time_is_free_again(self, clinic: Clinic) -> None:
        old = clinic.book()
        rebook(old)

        assert clinic.hold(START, doctor=old.doctor).status == Status.HELD

    def test_the_calendar_entry_is_updated_along_the_chain(self, clinic: Clinic) -> None:
        old = clinic.book()
        new = rebook(rebook(old), LATER + HOUR)

        assert new.invitation_sequence == 2
        assert links.first_of_chain(new) == old

    def test_a_hold_that_ran_out_gives_way(self, clinic: Clinic) -> None:
        old = clinic.book()
        stale = clinic.hold(LATER, doctor=old.doctor, now=NOW - HOUR)

        new = rebook(old, LATER)

        stale.refresh_from_db()
        assert (stale.status, new.doctor) == (Status.EXPIRED, old.doctor)


class TestTheDoctor:
    def test_without_a_name_the_doctor_stays_if_free(self, clinic: Clinic) -> None:
        old = clinic.book(doctor=clinic.doctors[1])
        # By fairness alone another one would be chosen.
        clinic.book(LATER + 6 * HOUR, doctor=clinic.doctors[1])

        assert rebook(old).doctor == clinic.doctors[1]

    def test_else_another_is_chosen_as_a_hold_chooses(self, clinic: Clinic) -> None:
        first, second, third = clinic.doctors
        old = clinic.book(doctor=first)
        clinic.book(LATER, doctor=first)
        clinic.book(LATER + 6 * HOUR, doctor=second)

        assert rebook(old).doctor == third

    def test_any_doctor_may_be_named(self, clinic: Clinic) -> None:
        old = clinic.book(doctor=clinic.doctors[0])

        assert rebook(old, START, doctor=clinic.doctors[2]).doctor == clinic.doctors[2]

    def test_same_doctor_keeps_the_doctor(self) -> None:
        clinic = make_clinic(doctors=2, rebooking_mode="same_doctor")
        first, second = clinic.doctors
        old = clinic.book(doctor=first)
        clinic.book(LATER, doctor=first)

        assert refusal(old, doctor=second).code == "rebooking_mode_violated"
        assert refusal(old, LATER).code == "slot_taken"
        assert rebook(old, LATER + HOUR, doctor=first).doctor == first

    def test_a_doctor_who_no_longer_works_is_left_only_where_the_mode_allows(self) -> None:
        for mode, expected in (("same_doctor", "not_offered"), ("any_doctor", None)):
            clinic = make_clinic(doctors=2, rebooking_mode=mode)
            old = clinic.book(doctor=clinic.doctors[0])
            clinic.doctors[0].is_active = False
            clinic.doctors[0].save()

            if expected:
                assert refusal(old).details == {"reason": expected}
            else:
                assert rebook(old).doctor == clinic.doctors[1]

    @pytest.mark.parametrize("closed", ["kind", "shop"])
    def test_a_booked_visit_is_moved_although_type_or_shop_take_no_new_ones(
        self, clinic: Clinic, closed: str
    ) -> None:
        old = clinic.book()
        thing = getattr(clinic, closed)
        thing.is_active = False
        thing.save()

        assert rebook(old).status == Status.CONFIRMED


class TestTheRefusals:
    def test_the_identical_start_is_unchanged_unless_another_doctor_is_named(
        self, clinic: Clinic
    ) -> None:
        old = clinic.book(doctor=clinic.doctors[0])

        for doctor in (None, clinic.doctors[0]):
            refused = refusal(old, START, doctor=doctor)
            assert (refused.code, refused.details) == ("slot_unavailable", {"reason": "unchanged"})
        assert rebook(old, START, doctor=clinic.doctors[1]).starts_at == START

    def test_a_time_that_is_not_offered_leaves_the_old_visit_untouched(
        self, clinic: Clinic
    ) -> None:
        assert refusal(clinic.book(), LATER + MINUTE).details == {"reason": "off_grid"}

    def test_notice_and_horizon_are_asked_again_and_their_border_is_allowed(self) -> None:
        clinic = make_clinic(min_booking_notice_minutes=120, booking_horizon_days=30)
        days = 24 * HOUR

        assert refusal(clinic.book(), NOW + 90 * MINUTE).details == {"reason": "notice"}
        assert refusal(clinic.book(START + HOUR), NOW + 31 * days).details == {"reason": "horizon"}
        assert rebook(clinic.book(START + 2 * HOUR), NOW + 2 * HOUR).starts_at == NOW + 2 * HOUR
        assert rebook(clinic.book(START + 3 * HOUR), NOW + 30 * days).starts_at == NOW + 30 * days

    def test_a_taken_time_leaves_the_old_visit_untouched(
        self, clinic: Clinic, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Also when only the database says so, after the old row had been cancelled."""
        old = clinic.book(doctor=clinic.doctors[0])
        clinic.book(LATER, doctor=clinic.doctors[0])
        assert refusal(old, LATER, doctor=clinic.doctors[0]).code == "slot_taken"
        free = slots.Judgement(free=[clinic.doctors[0]])
        monkeypatch.setattr(slots, "judge", lambda *args, **kwargs: free)

        assert refusal(old, LATER).code == "slot_taken"
        assert Event.objects.filter(subject_uid=old.uid, data__status="cancelled").count() == 0

    def test_the_patients_other_visits_are_in_the_way_but_not_this_one(
        self, clinic: Clinic
    ) -> None:
        patient = clinic.new_patient()
        old = clinic.book(START, patient=patient)
        clinic.book(LATER, patient=patient)

        assert refusal(old, LATER + 15 * MINUTE).code == "patient_already_booked"
        assert rebook(old, START + 15 * MINUTE).status == Status.CONFIRMED

    @pytest.mark.parametrize("actor", [PATIENT, PARTNER, ADMIN, DOCTOR])
    def test_it_works_once_and_then_points_to_the_successor(
        self, clinic: Clinic, actor: Actor
    ) -> None:
        old = clinic.book()
        new = rebook(old, actor=actor)

        refused = refusal(old, LATER + HOUR, actor=actor)

        assert refused.code == "wrong_status"
        assert refused.details == {"status": "cancelled", "rebooked_to_uid": new.uid}

    def test_another_types_rules_do_not_matter(self, clinic: Clinic) -> None:
        make_type(organisation=clinic.organisation, doctors=clinic.doctors, duration_minutes=60)

        assert rebook(clinic.book()).appointment_type == clinic.kind


class TestWhoIsTold:
    @staticmethod
    def told_of(visit: Appointment) -> set[tuple[str, str]]:
        deliveries = Delivery.objects.filter(about_uid=visit.uid).exclude(
            kind__contains="confirmed"
        )
        return set(deliveries.values_list("kind", "recipient_group"))

    def test_patient_and_doctor_hear_of_the_move(self, clinic: Clinic) -> None:
        old = clinic.book()
        new = rebook(old)

        assert self.told_of(new) == {
            ("appointment.moved", "patient"),
            ("appointment.moved", "doctor"),
        }
        assert self.told_of(old) == set()

    def test_the_doctor_who_loses_the_visit_hears_it_too(self, clinic: Clinic) -> None:
        old = clinic.book(doctor=clinic.doctors[0])
        rebook(old, doctor=clinic.doctors[1])

        assert self.told_of(old) == {("appointment.handed_over", "doctor")}

    def test_a_silent_move_stands_in_both_histories(self, clinic: Clinic) -> None:
        old = clinic.book()
        new = rebook(old, actor=ADMIN, tell_patient=False)

        assert self.told_of(new) == {("appointment.moved", "doctor")}
        for visit in (old, new):
            assert [each.note for each in visit.transitions.all()][
                -1
            ] == "The patient was not told."


def test_a_chain_of_three_is_walked_both_ways(clinic: Clinic) -> None:
    first = clinic.book()
    second = rebook(first)
    third = rebook(second, LATER + HOUR)
    lone = clinic.book(START + 6 * HOUR)

    chain = [Appointment.objects.for_display().get(pk=visit.pk) for visit in (first, second, third)]
    for visit in chain:
        assert links.current_of_chain(visit) == third
        assert links.first_of_chain(visit) == first
    assert links.current_of_chain(lone) == lone == links.first_of_chain(lone)
    shown = [representation(visit, now=NOW, shows_staff_reason=False) for visit in chain]
    assert [(each["previous_meeting_uid"], each["rebooked_to_uid"]) for each in shown] == [
        (None, second.uid),
        (first.uid, third.uid),
        (second.uid, None),
    ]
