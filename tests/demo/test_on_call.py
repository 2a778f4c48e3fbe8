"""Within two minutes of every start something happens: a visit runs, another's reminders leave, a hold runs out."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from appointments.models import Appointment
from appointments.status import Status
from common.clock import utc_now
from reminders import firing
from reminders.models import AppointmentReminderSent, Outcome
from rxscale.demo import on_call
from rxscale.demo.clinic import CHECK_IN, Clinic
from rxscale.demo.happening import happening_now
from rxscale.demo.people import ON_CALL_DOCTORS
from tests.standing import Stand

from .small_clinic import small_clinic

pytestmark = pytest.mark.django_db
MIDDAY = datetime(2026, 11, 26, 11, 3, 20, tzinfo=UTC)
# Each so that `now` differs from the next full minute by another amount, or lies at an edge of a day or a clock.
MOMENTS = [
    MIDDAY,
    datetime(2026, 11, 26, 11, 3, 0, tzinfo=UTC),
    datetime(2026, 11, 26, 11, 3, 59, tzinfo=UTC),
    datetime(2026, 11, 26, 22, 38, 10, tzinfo=UTC),  # on call until after midnight
    datetime(2026, 11, 26, 22, 44, 50, tzinfo=UTC),  # the visit ahead begins after midnight
    datetime(2026, 11, 26, 23, 5, 0, tzinfo=UTC),  # began before midnight
    datetime(2026, 11, 26, 17, 10, 0, tzinfo=UTC),  # within the weekly hours of the first on call
    datetime(2027, 3, 28, 0, 55, 0, tzinfo=UTC),  # the clocks jump meanwhile
    datetime(2026, 10, 25, 0, 50, 0, tzinfo=UTC),  # and go back
]


@pytest.fixture(scope="module")
def standing_northside(stand: Stand) -> Clinic:
    return stand(_before_all_of_them)


def _before_all_of_them() -> Clinic:
    """A rule that is newer than its instant does not fire."""
    return small_clinic(now=min(MOMENTS) - timedelta(days=1))


def _visits(clinic: Clinic) -> list[Appointment]:
    rows = Appointment.objects.of(clinic.organisation).filter(status=Status.CONFIRMED)
    return list(rows.select_related("doctor", "appointment_type").order_by("starts_at"))


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_one_visit_runs_and_another_begins_in_sixteen_minutes(
    northside: Clinic, now: datetime
) -> None:
    on_call.bring_to_life(northside, now=now)

    running, ahead = _visits(northside)
    assert running.starts_at < now < running.ends_at
    assert timedelta(minutes=15, seconds=30) <= ahead.starts_at - now <= timedelta(minutes=16.5)
    assert running.doctor == ahead.doctor
    assert running.appointment_type.name == CHECK_IN.name


def test_its_reminders_to_patient_and_doctor_leave_within_two_minutes(northside: Clinic) -> None:
    on_call.bring_to_life(northside, now=MIDDAY)
    ahead = _visits(northside)[-1]

    firing.fire_due(MIDDAY)
    assert not _fired(ahead)
    firing.fire_due(MIDDAY + timedelta(seconds=100))
    assert _fired(ahead) == {"patient", "doctor"}


def _fired(visit: Appointment) -> set[str]:
    rows = AppointmentReminderSent.objects.filter(
        appointment=visit, minutes_before=15, outcome=Outcome.FIRED
    )
    return set(rows.values_list("recipient_group", flat=True))


def test_a_hold_has_four_minutes_left(northside: Clinic) -> None:
    on_call.bring_to_life(northside, now=MIDDAY)

    hold = Appointment.objects.of(northside.organisation).get(status=Status.HELD)
    assert hold.hold_expires_at is not None
    left = hold.hold_expires_at - MIDDAY
    assert timedelta(minutes=4) < left < timedelta(minutes=4, seconds=30)


def test_the_doctor_behind_the_door_is_the_first_on_call(northside: Clinic) -> None:
    on_call.bring_to_life(northside, now=MIDDAY)

    assert {visit.doctor.email for visit in _visits(northside)} == {ON_CALL_DOCTORS[0].email}


def test_a_start_soon_after_has_the_next_one_on_call_and_a_third_leaves_it_at_that(
    northside: Clinic,
) -> None:
    for minutes in (0, 2, 4):
        on_call.bring_to_life(northside, now=MIDDAY + timedelta(minutes=minutes))

    doctors = [visit.doctor.email for visit in _visits(northside)]
    assert sorted(doctors) == sorted([profile.email for profile in ON_CALL_DOCTORS] * 2)


@pytest.mark.parametrize("hours", [1, 2, 5, 24])
def test_a_start_later_finds_the_first_on_call_free_again(northside: Clinic, hours: int) -> None:
    on_call.bring_to_life(northside, now=MIDDAY)
    on_call.bring_to_life(northside, now=MIDDAY + timedelta(hours=hours, minutes=7))

    assert len(_visits(northside)) == 4
    assert {visit.doctor.email for visit in _visits(northside)} == {ON_CALL_DOCTORS[0].email}


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([], [(600, 780)]),
        ([(480, 540)], [(480, 540), (600, 780)]),
        ([(480, 600)], [(480, 599), (600, 780)]),  # touching would share a grid
        ([(480, 720)], [(480, 599), (600, 780)]),
        ([(480, 840)], [(480, 599), (600, 840)]),
        ([(599, 700)], [(600, 780)]),
        ([(700, 900)], [(600, 900)]),
        ([(780, 900)], [(600, 900)]),
        ([(800, 900)], [(600, 780), (800, 900)]),
    ],
)
def test_what_a_day_has_beside_being_on_call_is_kept(
    hours: list[tuple[int, int]], expected: list[tuple[int, int]]
) -> None:
    assert on_call.with_span(hours, (600, 780)) == expected


def test_the_front_page_tells_it(northside: Clinic, client: Client) -> None:
    now = utc_now()
    on_call.bring_to_life(northside, now=now)

    happening = happening_now(now)
    assert happening.running is not None
    assert happening.next is not None
    assert happening.hold is not None
    text = client.get("/").content.decode()
    for words in ("A visit is running", "Reminders leave", "A hold runs out"):
        assert words in text
    assert happening.next.patient.last_name not in text
    later = happening_now(now + timedelta(seconds=100))
    assert later.next == happening.next
    assert later.has_reminded
    piece = client.get("/", headers={"HX-Request": "true"}).content.decode()
    assert piece.lstrip().startswith("<section")
    assert "A visit is running" in piece
