"""Moving a visit from its own page: the same predicate and rules as `rebook`, asked before anything changes."""

from copy import deepcopy
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment, RebookingMode
from appointments.openings import rebooking_openings
from appointments.status import Status
from common.clock import from_epoch
from organisations.models import Patient
from tests.appointments.clinic import HOUR, MINUTE, START, Clinic
from tests.factories import NOW, make_doctor, make_organisation, make_patient
from tests.standing import Stand

from .by_link import LinkHolder, epoch, path_of
from .front import Shop

SLOT = 'name="at" value="'


@pytest.fixture(scope="module")
def standing_visit(stand: Stand, standing_shop: Shop) -> Appointment:
    def build() -> Appointment:
        clinic = standing_shop.clinic
        patient = make_patient(shop=clinic.shop, timezone="Europe/Berlin")
        return clinic.book(patient=patient, doctor=clinic.doctors[0])

    return stand(build)


@pytest.fixture
def visit(db: None, standing_visit: Appointment) -> Appointment:
    return deepcopy(standing_visit)


@pytest.fixture
def holder(monkeypatch: pytest.MonkeyPatch) -> LinkHolder:
    return LinkHolder(monkeypatch)


def starts_in(page: str) -> list[int]:
    return [int(part.partition('"')[0]) for part in page.split(SLOT)[1:]]


def keep_doctor(visit: Appointment) -> None:
    Appointment.objects.filter(pk=visit.pk).update(rebooking_mode=RebookingMode.SAME_DOCTOR)


def moving(to: datetime, **more: str) -> dict[str, str]:
    """What the page that asks posts."""
    return {"at": epoch(to), **more}


def only_successor(visit: Appointment) -> Appointment:
    return Appointment.objects.select_related("doctor", "patient").get(previous=visit)


@pytest.mark.parametrize("keeps_doctor", [False, True])
def test_the_page_lists_exactly_the_times_a_rebook_takes(
    visit: Appointment,
    holder: LinkHolder,
    clinic: Clinic,
    keeps_doctor: bool,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    """Its own time is free for itself, but no time to move to; a colleague's visit is in the way."""
    clinic.book(START + HOUR, doctor=clinic.doctors[0])
    if keeps_doctor:
        keep_doctor(visit)
    day = from_epoch(int(START.timestamp())).replace(hour=23, minute=0)  # midnight in Berlin
    with django_assert_num_queries(4):  # the visit; doctors, schedules, what is taken
        page = holder.text(path_of(visit, "move"), {"day": "2027-03-01"})

    visit = Appointment.objects.for_display().get(pk=visit.pk)
    listed = rebooking_openings(
        visit, start=int(NOW.timestamp()), end=int(day.timestamp()), now=NOW
    )
    assert starts_in(page) == sorted({slot["starts_at"] for slot in listed.slots})
    own = int(START.timestamp())
    assert (own in starts_in(page)) is not keeps_doctor
    assert (int((START + HOUR).timestamp()) in starts_in(page)) is not keeps_doctor
    assert 'method="get"' in page
    assert "Until you choose, it stays as it is: Monday, 1 March 2027, 15:00" in page


def test_choosing_a_time_asks_with_the_doctor_named_and_changes_nothing(
    visit: Appointment, holder: LinkHolder, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(4):  # the visit; doctors, schedules, what is taken
        page = holder.text(path_of(visit, "move"), {"at": epoch(START + HOUR)})

    assert "Move your appointment?" in page
    assert "Monday, 1 March 2027<br>16:00 (Europe/Berlin, CET)" in page
    assert visit.doctor.display_name in page
    assert "who has no time then" not in page
    assert not Appointment.objects.filter(previous=visit).exists()


def test_the_patient_moves_the_visit_and_lands_on_the_new_one(
    visit: Appointment, holder: LinkHolder
) -> None:
    answer = holder.post(path_of(visit, "move"), moving(START + HOUR))

    new = only_successor(visit)
    assert answer.headers["Location"] == f"{path_of(new)}?done=moved"
    assert (new.status, new.starts_at, new.doctor) == (
        Status.CONFIRMED,
        START + HOUR,
        visit.doctor,
    )
    visit.refresh_from_db()
    assert (visit.status, visit.cancelled_by) == (Status.CANCELLED, "patient")
    page = holder.text(path_of(new), {"done": "moved"})
    assert "Your appointment has been moved. A confirmation is on its way by e-mail." in page
    assert "Moved from" in page
    again = holder.post(path_of(visit, "move"), moving(START + 2 * HOUR))
    assert again.headers["Location"] == path_of(new)
    assert Appointment.objects.filter(status=Status.CONFIRMED).count() == 1


def test_where_the_own_doctor_is_taken_another_is_named_before_and_gets_it(
    visit: Appointment, holder: LinkHolder, clinic: Clinic
) -> None:
    clinic.book(START + HOUR, doctor=visit.doctor)

    page = holder.text(path_of(visit, "move"), {"at": epoch(START + HOUR)})
    assert f"Not with {visit.doctor.display_name}, who has no time then." in page
    other = clinic.doctors[1]
    assert f'name="doctor_uid" value="{other.uid}"' in page
    holder.post(path_of(visit, "move"), moving(START + HOUR, doctor_uid=other.uid))

    assert only_successor(visit).doctor == other


def test_only_the_own_doctor_can_be_asked_for(
    visit: Appointment, holder: LinkHolder, clinic: Clinic
) -> None:
    clinic.book(START + HOUR, doctor=visit.doctor)

    page = holder.text(path_of(visit, "move"), {"doctor": "same", "day": "2027-03-01"})

    assert f"Only {visit.doctor.display_name}" in page
    taken = int((START + HOUR).timestamp())
    assert taken not in starts_in(page)
    assert taken - 1800 in starts_in(page)
    keep_doctor(visit)
    assert "Any doctor" not in holder.text(path_of(visit, "move"))


def test_a_time_that_was_just_taken_names_the_nearest_free_ones(
    visit: Appointment, holder: LinkHolder, clinic: Clinic
) -> None:
    keep_doctor(visit)
    clinic.book(START + HOUR, doctor=visit.doctor)
    lost = moving(START + HOUR)

    posted = holder.post(path_of(visit, "move"), lost)
    asked = holder.get(path_of(visit, "move"), lost)

    assert posted.headers["Location"] == asked.headers["Location"]
    page = holder.client.get(posted.headers["Location"]).content.decode()
    assert "16:00 (Europe/Berlin, CET) has just been taken" in page
    near = page.partition("The nearest free times:")[2].partition("</ul>")[0]
    assert [from_epoch(at) - START for at in starts_in(near)] == [
        30 * MINUTE,
        90 * MINUTE,
        2 * HOUR,
    ]
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_a_clash_with_another_visit_of_the_patient_is_said(
    visit: Appointment, holder: LinkHolder, clinic: Clinic
) -> None:
    clinic.book(START + HOUR, patient=visit.patient)

    answer = holder.post(path_of(visit, "move"), moving(START + HOUR))

    page = holder.client.get(answer.headers["Location"]).content.decode()
    assert "You already have an appointment at that time" in page


@pytest.mark.parametrize("at", ["", "soon", "-1", "99999999999", "\0", "1"])
def test_a_time_that_is_none_moves_nothing(visit: Appointment, holder: LinkHolder, at: str) -> None:
    posted = {
        "at": at,
        "doctor_uid": "doc-\0",
        "timezone": "Mars/Base",
        "doctor": "x",
        "day": "2027-99-99",
    }

    for answer in (
        holder.post(path_of(visit, "move"), posted),
        holder.get(path_of(visit, "move"), posted),
    ):
        assert answer.status_code in (200, 302)

    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_another_clinics_doctor_is_nobody(visit: Appointment, holder: LinkHolder) -> None:
    stranger = make_doctor(organisation=make_organisation())

    holder.post(path_of(visit, "move"), moving(START + HOUR, doctor_uid=stranger.uid))

    assert only_successor(visit).doctor == visit.doctor


def test_the_zone_chosen_for_the_times_is_kept_with_the_move(
    visit: Appointment, holder: LinkHolder
) -> None:
    chosen = {"timezone": "Asia/Tokyo"}
    zones = holder.text(path_of(visit, "move/zone"), {"day": "2027-03-01", **chosen})
    assert '<option value="Asia/Tokyo" selected>Tokyo</option>' in zones
    assert 'name="day" value="2027-03-01"' in zones

    page = holder.text(path_of(visit, "move"), {"day": "2027-03-02", **chosen})
    assert "Times in Asia/Tokyo, JST" in page
    assert 'name="timezone" value="Asia/Tokyo"' in page
    asked = holder.text(path_of(visit, "move"), moving(START + HOUR, **chosen))
    assert "Tuesday, 2 March 2027<br>00:00 (Asia/Tokyo, JST)" in asked
    assert Patient.objects.get(pk=visit.patient_id).timezone == "Europe/Berlin"

    holder.post(path_of(visit, "move"), moving(START + HOUR, **chosen))
    assert only_successor(visit).patient.timezone == "Asia/Tokyo"


def test_around_a_change_of_clocks_every_start_is_on_the_patients_own_day(
    clinic: Clinic, holder: LinkHolder
) -> None:
    """New York changes on 14 March 2027: its Saturday ends at 05:00 UTC, its Sunday at 04:00 UTC."""
    patient = make_patient(shop=clinic.shop, timezone="America/New_York")
    visit = clinic.book(patient=patient)

    page = holder.text(path_of(visit, "move"), {"day": "2027-03-14"})

    starts = [from_epoch(at) for at in starts_in(page)]
    assert starts[0] == datetime(2027, 3, 14, 5, tzinfo=UTC)
    assert starts[-1] == datetime(2027, 3, 15, 3, 30, tzinfo=UTC)
    assert len(starts) == 2 * 23
    assert "Sunday, 14 March 2027" in page
    assert ">02:00</button>" not in page  # the hour that is skipped


def test_a_visit_nobody_can_take_elsewhere_says_so(
    visit: Appointment, holder: LinkHolder, clinic: Clinic
) -> None:
    keep_doctor(visit)
    type(visit.doctor).objects.filter(pk=visit.doctor_id).update(is_active=False)

    assert "Nothing is free later either" in holder.text(path_of(visit, "move"))
