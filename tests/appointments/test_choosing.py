"""The fair choice of a doctor: fewest that local day, then least recently booked, then uid."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from appointments import lifecycle
from appointments.choosing import in_fair_order
from appointments.errors import Refused
from organisations.models import Doctor
from tests.factories import NOW, PATIENT, make_doctor

from .clinic import HOUR, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(doctors=3)


def order(clinic: Clinic, *, starts_at: datetime = START, now: datetime = NOW) -> list[Doctor]:
    return in_fair_order(clinic.doctors, starts_at=starts_at, now=now)


def by_uid(doctors: list[Doctor]) -> list[Doctor]:
    return sorted(doctors, key=lambda doctor: doctor.uid)


def test_doctors_who_were_never_booked_come_by_uid(clinic: Clinic) -> None:
    assert order(clinic) == by_uid(clinic.doctors)


def test_the_fewest_appointments_of_the_day_come_first(clinic: Clinic) -> None:
    first, second, third = clinic.doctors
    for doctor, count in ((first, 2), (second, 1), (third, 3)):
        for n in range(count):
            clinic.book(START + n * HOUR, doctor=doctor)

    assert order(clinic) == [second, first, third]


def test_among_equals_the_least_recently_booked_comes_first(clinic: Clinic) -> None:
    first, second, third = clinic.doctors
    for doctor in (second, first, third):
        clinic.book(START, doctor=doctor)

    assert order(clinic) == [second, first, third]


def test_other_days_decide_only_who_was_booked_last(clinic: Clinic) -> None:
    first, second, third = clinic.doctors
    for n, doctor in enumerate((third, second, second, first)):
        clinic.book(START + (24 + n) * HOUR, doctor=doctor)

    assert order(clinic) == [third, second, first]


def test_cancelled_visits_and_holds_that_ran_out_do_not_count(clinic: Clinic) -> None:
    first, second, third = clinic.doctors
    lifecycle.cancel(clinic.book(doctor=first), actor=PATIENT, now=NOW)
    clinic.hold(doctor=second, now=NOW - HOUR)
    clinic.hold(doctor=third)

    assert order(clinic) == [*by_uid([first, second]), third]


def test_the_day_is_the_doctors_own_local_day() -> None:
    clinic = make_clinic(doctors=1)
    tokyo = make_doctor(organisation=clinic.organisation, timezone="Asia/Tokyo")
    berlin = clinic.doctor
    evening, night = (datetime(2027, 3, 2, hour, tzinfo=UTC) for hour in (14, 16))
    for doctor in (berlin, tokyo):
        clinic.kind.doctors.add(doctor, through_defaults={"organisation": clinic.organisation})
    # 14:00 and 16:00 UTC are one day in Berlin, but two in Tokyo. Tokyo was booked last.
    clinic.hold(evening, doctor=berlin)
    tokyos = clinic.hold(evening, doctor=berlin, now=NOW + HOUR)
    tokyos.doctor = tokyo
    tokyos.save()
    clinic.hold(evening, doctor=berlin, now=NOW + 2 * HOUR)

    assert in_fair_order([berlin, tokyo], starts_at=night, now=NOW + 2 * HOUR) == [tokyo, berlin]


def test_one_hundred_bookings_are_shared_equally(clinic: Clinic) -> None:
    """Equal hours, any doctor, four visits a day: the counts differ by one at most."""
    patient = clinic.new_patient()
    doctors: Counter[int] = Counter()
    for n in range(100):
        starts_at = START + (n // 4) * timedelta(days=1) + (n % 4) * HOUR
        held = clinic.hold(starts_at, patient=patient)
        doctors[lifecycle.confirm(held, actor=PATIENT, now=NOW).doctor_id] += 1

    assert max(doctors.values()) - min(doctors.values()) <= 1
    assert sum(doctors.values()) == 100


def test_all_free_doctors_are_used_before_anybody_is_refused(clinic: Clinic) -> None:
    held = {clinic.hold().doctor_id for _ in clinic.doctors}

    assert held == {doctor.pk for doctor in clinic.doctors}
    with pytest.raises(Refused, match="slot_taken"):
        clinic.hold()
