"""What PostgreSQL refuses of an appointment, by name, whoever writes the row."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from appointments.models import Appointment
from tests.factories import NOW

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic(buffer_before_minutes=5)


# An update of a confirmed visit, and the constraint that refuses it.
REFUSED: list[tuple[str, dict[str, object]]] = [
    ("appointment_blocks_itself_and_its_buffers", {"blocked_from": START}),
    ("appointment_blocks_itself_and_its_buffers", {"blocked_until": START + 31 * MINUTE}),
    (
        "appointment_buffers_are_in_bounds",
        {"buffer_before_minutes": 241, "blocked_from": START - 241 * MINUTE},
    ),
    (
        "appointment_buffers_are_in_bounds",
        {"buffer_after_minutes": -1, "blocked_until": START + 29 * MINUTE},
    ),
    (
        "appointment_lasts_5_to_480_minutes",
        {"ends_at": START, "blocked_until": START},
    ),
    (
        "appointment_lasts_5_to_480_minutes",
        {"ends_at": START + 481 * MINUTE, "blocked_until": START + 481 * MINUTE},
    ),
    ("appointment_status_is_known", {"status": "tentative"}),
    ("appointment_hold_has_an_expiry", {"status": "held"}),
    ("appointment_hold_ends_by_the_start", {"hold_expires_at": START + timedelta(microseconds=1)}),
    ("appointment_confirmed_knows_when", {"confirmed_at": None}),
    ("appointment_cancelled_knows_when_and_by_whom", {"status": "cancelled"}),
    (
        "appointment_cancelled_knows_when_and_by_whom",
        {"status": "cancelled", "cancelled_at": NOW},
    ),
    (
        "appointment_cancelled_by_staff_has_a_reason",
        {"status": "cancelled", "cancelled_at": NOW, "cancelled_by": "admin"},
    ),
    (
        "appointment_cancelled_by_staff_has_a_reason",
        {"cancelled_by": "doctor", "cancellation_reason": " \n\t "},
    ),
    ("appointment_does_not_follow_itself", {"previous": F("id")}),
]


@pytest.mark.parametrize(("constraint", "columns"), REFUSED)
def test_a_row_that_makes_no_sense_is_refused_by_name(
    clinic: Clinic, constraint: str, columns: dict[str, object]
) -> None:
    visit = clinic.book()

    with pytest.raises(IntegrityError, match=f'"{constraint}"'), transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(**columns)


@pytest.mark.parametrize("column", ["starts_at", "ends_at", "blocked_from", "blocked_until"])
def test_a_time_is_never_null(clinic: Clinic, column: str) -> None:
    visit = clinic.book()

    with pytest.raises(IntegrityError, match="not-null"), transaction.atomic():
        Appointment.objects.filter(pk=visit.pk).update(**{column: None})


def test_every_constraint_of_the_model_is_in_this_file_or_raced() -> None:
    named = {name for name, _ in REFUSED} | {
        "appointment_time_is_finite",  # below
        "appointment_no_doctor_twice_at_once",  # tests/concurrency
        "appointment_no_patient_twice_at_once",  # tests/concurrency
    }
    assert named == {constraint.name for constraint in Appointment._meta.constraints}


def test_a_visit_is_followed_by_one_at_most(clinic: Clinic) -> None:
    first, second, third = (clinic.book(START + n * HOUR) for n in range(3))
    Appointment.objects.filter(pk=second.pk).update(previous=first)

    with pytest.raises(IntegrityError, match="previous_id"), transaction.atomic():
        Appointment.objects.filter(pk=third.pk).update(previous=first)


def test_a_visit_without_end_or_beginning_is_refused(clinic: Clinic) -> None:
    """Infinite times satisfy every comparison with themselves, and their range meets no other."""
    visit = clinic.book()

    for sign in ("", "-"):
        with (
            pytest.raises(IntegrityError, match='"appointment_time_is_finite"'),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "UPDATE appointments_appointment SET starts_at = %(at)s, ends_at = %(at)s,"
                " blocked_from = %(at)s, blocked_until = %(at)s WHERE id = %(id)s",
                {"at": f"{sign}infinity", "id": visit.pk},
            )
