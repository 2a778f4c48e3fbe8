"""What staff do for a patient: book in one step, and book again what did not take place."""

import pytest

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Delivery
from tests.factories import ADMIN, DOCTOR, NOW

from .clinic import HOUR, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(doctors=2)


def book(clinic: Clinic, starts_at: object = START, **fields: object) -> Appointment:
    return lifecycle.book(
        patient=fields.pop("patient", None) or clinic.new_patient(),  # type: ignore[arg-type]  # a patient
        appointment_type=clinic.kind,
        starts_at=starts_at,  # type: ignore[arg-type]  # an instant
        actor=ADMIN,
        now=NOW,
        **fields,  # type: ignore[arg-type]  # passed through unread
    )


def test_a_booked_visit_is_confirmed_and_its_history_says_by_whom(clinic: Clinic) -> None:
    visit = book(clinic)

    assert (visit.status, visit.confirmed_at) == (Status.CONFIRMED, NOW)
    history = [(each.to_status, each.actor_uid) for each in visit.transitions.all()]
    assert history == [(Status.HELD, ADMIN.uid), (Status.CONFIRMED, ADMIN.uid)]


def test_the_same_predicate_and_refusals_hold_for_staff(clinic: Clinic) -> None:
    patient = clinic.new_patient()
    book(clinic, patient=patient)

    for starts_at, code in ((START, "patient_already_booked"), (NOW - HOUR, "slot_unavailable")):
        with pytest.raises(Refused, match=code):
            book(clinic, starts_at, patient=patient)
    assert Appointment.objects.count() == 1


def test_a_booking_that_cannot_be_confirmed_leaves_no_hold(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should the check under the lock be blind, the constraint undoes the hold as well."""
    patient = clinic.new_patient()
    book(clinic, patient=patient, doctor=clinic.doctors[0])
    monkeypatch.setattr("appointments.holds._refuse_holds_and_clashes", lambda held, now: None)

    with pytest.raises(Refused, match="patient_already_booked"):
        book(clinic, patient=patient, doctor=clinic.doctors[1])

    assert Appointment.objects.count() == 1


def test_silence_is_kept(clinic: Clinic) -> None:
    book(clinic, START + 72 * HOUR, tell_patient=False)

    assert not Delivery.objects.exists()


class TestBookAgain:
    @staticmethod
    def again(visit: Appointment, starts_at: object = START) -> Appointment:
        return lifecycle.book_again(
            visit,
            starts_at=starts_at,  # type: ignore[arg-type]  # an instant
            actor=DOCTOR,
            now=NOW,
        )

    def test_a_cancelled_visit_is_booked_anew_with_the_same_doctor(self, clinic: Clinic) -> None:
        old = book(clinic, doctor=clinic.doctors[1])
        lifecycle.cancel(old, reason="Ill", actor=ADMIN, now=NOW)

        new = self.again(old)

        assert (new.status, new.doctor) == (Status.CONFIRMED, clinic.doctors[1])
        assert (new.patient, new.appointment_type) == (old.patient, old.appointment_type)
        assert new.previous is None

    def test_both_histories_name_the_other(self, clinic: Clinic) -> None:
        old = book(clinic)
        lifecycle.cancel(old, reason="Ill", actor=ADMIN, now=NOW)

        new = self.again(old)

        of_new, of_old = new.transitions.first(), old.transitions.last()
        assert of_new is not None
        assert of_old is not None
        assert of_new.note == f"Books {old.uid} again."
        assert of_old.note == f"Booked again as {new.uid}."
        assert (of_old.from_status, of_old.to_status) == (Status.CANCELLED, Status.CANCELLED)

    def test_a_hold_that_ran_out_and_a_missed_visit_can_be_booked_again(
        self, clinic: Clinic
    ) -> None:
        stale = clinic.hold(now=NOW - HOUR)
        missed = clinic.book(NOW - HOUR, now=NOW - 2 * HOUR)
        lifecycle.mark_no_show(missed, actor=DOCTOR, now=NOW - HOUR)

        assert self.again(stale).status == Status.CONFIRMED
        assert self.again(missed, START + HOUR).status == Status.CONFIRMED

    def test_another_doctor_may_be_named(self, clinic: Clinic) -> None:
        old = book(clinic, doctor=clinic.doctors[0])
        lifecycle.cancel(old, reason="Ill", actor=ADMIN, now=NOW)

        new = lifecycle.book_again(
            old, starts_at=START, doctor=clinic.doctors[1], actor=ADMIN, now=NOW
        )

        assert new.doctor == clinic.doctors[1]

    def test_what_is_still_ahead_or_took_place_is_not_booked_again(self, clinic: Clinic) -> None:
        running, booked = clinic.hold(START), book(clinic, START + HOUR)
        done = clinic.book(NOW - HOUR, now=NOW - 2 * HOUR)
        lifecycle.complete(done, actor=DOCTOR, now=NOW)

        for visit in (running, booked, done):
            with pytest.raises(Refused, match="wrong_status"):
                self.again(visit, START + 3 * HOUR)
