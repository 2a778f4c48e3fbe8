"""Confirming: the hold has reserved the time, so only status, expiry and the patient's visits count."""

import pytest

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from availability.models import AvailabilityWindow, BookingStop
from notifications.models import Delivery, Event
from tests.factories import ADMIN, NOW, PARTNER, PATIENT

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(doctors=2, slot_interval_minutes=15)


def test_a_hold_becomes_a_booked_visit_that_no_longer_runs_out(clinic: Clinic) -> None:
    held = clinic.hold()

    lifecycle.confirm(held, actor=PARTNER, now=NOW + MINUTE)

    held.refresh_from_db()
    assert (held.status, held.confirmed_at) == (Status.CONFIRMED, NOW + MINUTE)
    assert held.hold_expires_at is None
    assert held.status_changed_by == PARTNER.kind
    history = held.transitions.last()
    assert history is not None
    assert (history.from_status, history.to_status) == (Status.HELD, Status.CONFIRMED)


def test_it_is_told_to_every_subscription_not_only_those_with_holds(clinic: Clinic) -> None:
    held = clinic.hold()

    lifecycle.confirm(held, actor=PARTNER, now=NOW)

    event = Event.objects.get(subject_uid=held.uid, data__status="confirmed")
    assert not event.is_hold_event
    assert event.data["previous_status"] == "held"


def test_the_patient_and_a_doctor_within_48_hours_are_told(clinic: Clinic) -> None:
    soon = clinic.book(START)
    later = clinic.book(START + 72 * HOUR)

    def told(visit: Appointment) -> set[str]:
        return set(
            Delivery.objects.filter(about_uid=visit.uid).values_list("recipient_group", flat=True)
        )

    assert told(soon) == {"patient", "doctor"}
    assert told(later) == {"patient"}


def test_a_silent_confirmation_stands_in_the_history(clinic: Clinic) -> None:
    held = clinic.hold(START + 72 * HOUR)

    lifecycle.confirm(held, actor=ADMIN, now=NOW, tell_patient=False)

    assert not Delivery.objects.exists()
    history = held.transitions.last()
    assert history is not None
    assert history.note == "The patient was not told."


def test_slots_are_not_asked_again(clinic: Clinic) -> None:
    """Every hold can be confirmed until it runs out, whatever was edited or deactivated meanwhile."""
    held = clinic.hold()
    AvailabilityWindow.objects.all().delete()
    BookingStop.objects.create(
        organisation=clinic.organisation, doctor=held.doctor, reason="Ill", created_at=NOW
    )
    for thing in (held.doctor, clinic.kind, clinic.shop):
        thing.is_active = False
        thing.save()

    assert lifecycle.confirm(held, actor=PATIENT, now=NOW).status == Status.CONFIRMED


@pytest.mark.parametrize("minutes", [-15, 0, 15])
def test_a_patients_second_visit_at_the_time_is_refused_by_the_constraints_name(
    clinic: Clinic, minutes: int
) -> None:
    patient = clinic.new_patient()
    first = clinic.hold(START, patient=patient, doctor=clinic.doctors[0])
    second = clinic.hold(START + minutes * MINUTE, patient=patient, doctor=clinic.doctors[1])
    lifecycle.confirm(first, actor=PATIENT, now=NOW)

    with pytest.raises(Refused) as refused:
        lifecycle.confirm(second, actor=PATIENT, now=NOW)

    assert refused.value.code == "patient_already_booked"
    second.refresh_from_db()
    assert second.status == Status.HELD
    assert not Event.objects.filter(subject_uid=second.uid, data__status="confirmed").exists()


def test_a_patients_visits_may_touch(clinic: Clinic) -> None:
    patient = clinic.new_patient()

    clinic.book(START, patient=patient)

    assert clinic.book(START + 30 * MINUTE, patient=patient).status == Status.CONFIRMED


def test_a_confirm_after_a_rebook_points_to_the_successor(clinic: Clinic) -> None:
    old = clinic.book()
    new = lifecycle.rebook(old, starts_at=START + HOUR, actor=PATIENT, now=NOW)

    with pytest.raises(Refused) as refused:
        lifecycle.confirm(old, actor=PATIENT, now=NOW)

    assert refused.value.code == "wrong_status"
    assert refused.value.details == {"status": "cancelled", "rebooked_to_uid": new.uid}


class TestStaleHolds:
    def test_the_manager_writes_down_what_ran_out_and_only_that(self, clinic: Clinic) -> None:
        stale = [clinic.hold(START + n * HOUR) for n in range(3)]
        running = clinic.hold(START, now=NOW + MINUTE)
        booked = clinic.book(START + 5 * HOUR)

        assert lifecycle.expire_stale_holds(now=NOW + 15 * MINUTE) == 3

        for visit in stale:
            visit.refresh_from_db()
            assert visit.status == Status.EXPIRED
            assert visit.transitions.count() == 2
        assert Event.objects.filter(data__status="expired", is_hold_event=True).count() == 3
        for visit in (running, booked):
            visit.refresh_from_db()
        assert (running.status, booked.status) == (Status.HELD, Status.CONFIRMED)

    def test_a_second_run_finds_nothing(self, clinic: Clinic) -> None:
        clinic.hold()
        assert lifecycle.expire_stale_holds(now=NOW + HOUR) == 1

        assert lifecycle.expire_stale_holds(now=NOW + HOUR) == 0

    def test_more_than_a_batch_is_done_in_batches(self, clinic: Clinic) -> None:
        for n in range(5):
            clinic.hold(START + n * HOUR)

        assert lifecycle.expire_stale_holds(now=NOW + HOUR, limit=2) == 5

    def test_a_status_reads_expired_before_anybody_wrote_it_down(self, clinic: Clinic) -> None:
        held = clinic.hold()

        assert held.status_at(NOW + 15 * MINUTE) == Status.EXPIRED
        found = Appointment.objects.all()
        assert list(found.with_status_now([Status.EXPIRED], NOW + 15 * MINUTE)) == [held]
        assert not found.with_status_now([Status.HELD], NOW + 15 * MINUTE)
