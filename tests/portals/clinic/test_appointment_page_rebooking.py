"""Moving a visit and booking again: the slot picker obeys mode and notice, and what is shown is what is done."""

from datetime import datetime

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.models import Appointment, RebookingMode
from appointments.status import Status
from availability.models import AvailabilityWindow
from common.clock import to_epoch
from organisations.models import Doctor
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR, MINUTE, START
from tests.factories import ADMIN, NOW, make_appointment, make_patient
from tests.standing import Stand, patched

from .front_desk import FrontDesk, fresh, stand_up, url, words

LATER = START + HOUR
# The visit, the doctors; for the week: who offers, schedules, what is taken; and for a chosen time four more.
DESK_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1 + 1 + 3


@pytest.fixture(scope="module")
def standing_desk(stand: Stand) -> FrontDesk:
    return stand(patched(lambda monkeypatch: stand_up(monkeypatch, doctors=2)))


@pytest.fixture
def same_doctor_desk(db: None, monkeypatch: pytest.MonkeyPatch) -> FrontDesk:
    return stand_up(monkeypatch, doctors=2, rebooking_mode="same_doctor")


def test_the_week_lists_exactly_what_a_rebook_accepts(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)
    _block(desk.clinic.doctors[0], LATER)
    _block(desk.clinic.doctors[1], LATER)

    offered = _times(_open(desk, visit, "rebook"))

    assert f"at={to_epoch(START)}" in offered  # with the other doctor
    assert f"at={to_epoch(LATER)}" not in offered
    assert f"at={to_epoch(LATER + HOUR)}" in offered


def test_times_are_in_the_pages_zone_which_is_named(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    text = words(_open(desk, visit, "rebook"))

    assert "Monday, 1 March 2027 Times in Europe/Berlin, CET Morning" in text
    assert "09:30 10:00 10:30 11:00 11:30 Afternoon 12:00" in text


def test_choosing_a_time_names_the_doctor_and_who_will_be_told(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)

    text = words(_open(desk, visit, "rebook", at=LATER))

    assert "Mon 1 Mar 2027, 16:00 Europe/Berlin, CET with Dr Number 0" in text
    assert "Paula Patient paula@patients.example hears the new time" in text
    assert fresh(visit).status == Status.CONFIRMED


def test_another_doctor_is_told_and_the_old_one_hears_of_it(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)
    other = desk.clinic.doctors[1]

    text = words(_open(desk, visit, "rebook", at=LATER, doctor=other))

    assert "Dr Number 1 jane.hill@clinic.example hears the new time" in text
    assert "Dr Number 0 jane.hill@clinic.example hears that it is cancelled with them" in text


def test_moving_makes_a_linked_new_appointment(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)

    answer = _press(desk, visit, "rebook", LATER, desk.clinic.doctors[1])

    new = Appointment.objects.get(previous=visit)
    assert answer.headers["Location"] == url("appointment", new.uid)
    assert (new.starts_at, new.doctor, new.status) == (
        LATER,
        desk.clinic.doctors[1],
        Status.CONFIRMED,
    )
    old = fresh(visit)
    assert (old.status, old.cancelled_by, old.cancellation_reason) == (
        Status.CANCELLED,
        "admin",
        "rebooked",
    )


def test_same_doctor_offers_and_takes_no_other(same_doctor_desk: FrontDesk) -> None:
    desk = same_doctor_desk
    visit = desk.clinic.book(doctor=desk.clinic.doctor)
    _block(desk.clinic.doctor, LATER)

    page = _open(desk, visit, "rebook")
    refused = _press(desk, visit, "rebook", LATER, desk.clinic.doctors[1])

    assert "It can be moved with the same doctor only." in words(page)
    assert "Dr Number 1" not in words(page)
    assert f"at={to_epoch(LATER)}" not in _times(page)
    assert refused.status_code == 422
    assert fresh(visit).status == Status.CONFIRMED


def test_inside_the_notice_nothing_is_offered_and_nothing_moves(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    desk.at(START - HOUR + MINUTE)

    page = _open(desk, visit, "rebook")
    refused = _press(desk, visit, "rebook", LATER, desk.clinic.doctor)

    for answer in (page, refused):
        assert "It is too close to move; cancel and book again." in words(answer)
    assert (page.status_code, refused.status_code) == (200, 422)
    assert fresh(visit).status == Status.CONFIRMED


def test_a_time_taken_meanwhile_is_said_with_fresh_times(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)
    _block(desk.clinic.doctor, LATER)

    answer = _press(desk, visit, "rebook", LATER, desk.clinic.doctor)

    assert answer.status_code == 422
    assert "This time has just been taken." in words(answer)
    assert f"at={to_epoch(LATER + HOUR)}" in _times(answer)
    assert fresh(visit).status == Status.CONFIRMED


def test_a_visit_cancelled_meanwhile_is_not_moved_and_the_page_says_by_whom(
    desk: FrontDesk,
) -> None:
    visit = desk.clinic.book()
    lifecycle.cancel(visit, reason="x", actor=ADMIN, now=NOW)

    answer = _press(desk, visit, "rebook", LATER, desk.clinic.doctor)

    assert answer.status_code == 422
    assert "This appointment is cancelled, by Ada Admin" in words(answer)


@pytest.mark.parametrize(
    "query",
    [
        "week=nonsense",
        "week=0001-01-01",
        "week=9999-12-31",
        "week=%00&day=%00",
        "day=x",
        "at=-1",
        "at=x",
        "at=%00",
        "at=4102444800",
        "at=99999999999999999999",
        "doctor=doc-nobody",
    ],
)
def test_nonsense_in_the_query_falls_back(desk: FrontDesk, query: str) -> None:
    visit = desk.clinic.book()

    answer = desk.admin.get(f"{url('appointment-rebook', visit.uid)}?{query}")

    assert answer.status_code == 200
    assert "Move to another time" in words(answer)


@pytest.mark.parametrize("at", ["", "x", "-5", "99999999999999999999", "\0"])
def test_nonsense_in_the_form_books_nothing(desk: FrontDesk, at: str) -> None:
    visit = desk.clinic.book()

    data = {"at": at, "doctor": desk.clinic.doctor.uid}
    answer = desk.admin.post(url("appointment-rebook", visit.uid), data)

    assert answer.status_code == 422
    assert Appointment.objects.count() == 1


def test_book_again_offers_the_old_time_first_while_it_is_free(desk: FrontDesk) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctor)
    lifecycle.cancel(visit, reason="x", actor=ADMIN, now=NOW)
    free = words(_open(desk, visit, "book-again"))
    _block(desk.clinic.doctor, START)
    taken = words(_open(desk, visit, "book-again"))

    assert "The same time is still free: Mon 1 Mar 2027, 15:00" in free
    assert "The same time" not in taken


def test_book_again_keeps_patient_type_and_doctor_and_both_histories_name_the_other(
    desk: FrontDesk,
) -> None:
    visit = desk.clinic.book(doctor=desk.clinic.doctors[1])
    lifecycle.cancel(visit, reason="x", actor=ADMIN, now=NOW)

    _press(desk, visit, "book-again", START, desk.clinic.doctors[1])

    new = Appointment.objects.exclude(pk=visit.pk).get()
    assert (new.patient, new.appointment_type, new.doctor, new.status) == (
        visit.patient,
        visit.appointment_type,
        desk.clinic.doctors[1],
        Status.CONFIRMED,
    )
    assert new.uid in words(desk.admin.get(url("appointment", visit.uid)))
    assert visit.uid in words(desk.admin.get(url("appointment", new.uid)))


def test_a_week_without_a_free_time_leads_to_the_next(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    for doctor in desk.clinic.doctors:
        doctor.availability_windows.exclude(weekday=0).delete()
        doctor.availability_windows.update(valid_from="2027-03-20")

    text = words(_open(desk, visit, "rebook"))

    assert "No free time in these days Next free time: Mon 22 Mar 2027, 00:00" in text


def test_where_only_one_doctor_will_do_a_calendar_without_a_free_time_leads_to_the_reason(
    desk: FrontDesk,
) -> None:
    visit = desk.clinic.book()
    AvailabilityWindow.objects.all().delete()
    Appointment.objects.update(rebooking_mode=RebookingMode.SAME_DOCTOR)
    why = f"{url('doctor', visit.doctor.uid)}?type={visit.appointment_type.uid}&amp;date=2027-03-01"

    alone = _open(desk, visit, "rebook").text
    Appointment.objects.update(rebooking_mode=RebookingMode.ANY_DOCTOR)
    among_others = _open(desk, visit, "rebook").text

    assert f'href="{why}">Why are there no slots?</a>' in alone
    assert "Choose another doctor" not in alone
    assert "No free time" in among_others
    assert why not in among_others


def test_the_desk_costs_the_same_with_one_doctor_and_with_three(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visit = desk.clinic.book()
    _open(desk, visit, "rebook")
    with django_assert_num_queries(DESK_QUERIES):
        _open(desk, visit, "rebook")
    for _ in range(2):
        doctor = desk.clinic.new_doctor()
        desk.clinic.kind.offers.create(organisation=desk.clinic.organisation, doctor=doctor)
    with django_assert_num_queries(DESK_QUERIES):
        _open(desk, visit, "rebook")


def test_htmx_gets_the_desk_alone(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    answer = desk.admin.get(url("appointment-rebook", visit.uid), headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert "09:30" in words(answer)


def test_operations_may_move_and_a_held_visit_cannot_be_moved(desk: FrontDesk) -> None:
    held = desk.clinic.hold()
    visit = desk.clinic.book(START + 3 * HOUR)

    assert "held, not confirmed yet" in words(_open(desk, held, "rebook"))
    data = {"at": str(to_epoch(LATER)), "doctor": desk.clinic.doctor.uid, "tell_patient": "on"}
    desk.operations.post(url("appointment-rebook", visit.uid), data)

    assert fresh(visit).transitions.latest("id").actor_label == "Olga Operations"


def _open(
    desk: FrontDesk,
    visit: Appointment,
    name: str,
    *,
    at: datetime | None = None,
    doctor: Doctor | None = None,
) -> HttpResponse:
    query = {}
    if at is not None:
        query["at"] = str(to_epoch(at))
    if doctor is not None:
        query["doctor"] = doctor.uid
    answer = desk.admin.get(url(f"appointment-{name}", visit.uid), query)
    assert isinstance(answer, HttpResponse)
    return answer


def _press(
    desk: FrontDesk, visit: Appointment, name: str, at: datetime, doctor: Doctor
) -> HttpResponse:
    data = {"at": str(to_epoch(at)), "doctor": doctor.uid, "tell_patient": "on"}
    answer = desk.admin.post(url(f"appointment-{name}", visit.uid), data)
    assert isinstance(answer, HttpResponse)
    return answer


def _times(answer: HttpResponse) -> str:
    return answer.content.decode()


def _block(doctor: Doctor, starts_at: datetime) -> None:
    kind = doctor.appointment_types.get()
    make_appointment(
        patient=make_patient(shop=doctor.organisation.shops.get()),
        doctor=doctor,
        appointment_type=kind,
        starts_at=starts_at,
    )
