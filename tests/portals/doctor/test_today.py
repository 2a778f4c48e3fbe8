"""The doctor's day: who is next and when the room opens, outcomes, what was called off, what completed itself."""

from datetime import datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from appointments import lifecycle
from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch, utc_now
from organisations.models import Doctor
from portals.accounts.sessions import SEEN_AT
from portals.doctor.access import ACCESS_QUERIES
from portals.doctor.today.day import DAY_QUERIES, CalledOff
from portals.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR, MINUTE, START
from tests.factories import (
    ADMIN,
    DOCTOR,
    NOW,
    PATIENT,
    make_appointment,
    make_doctor,
    make_patient,
)
from tests.portals.clinic.front_desk import fresh, words

from .surgery import Surgery, log_in, url

pytestmark = pytest.mark.django_db
POLL = {"HX-Request": "true", "HX-Target": "day", "X-Polling": "1"}
IN_PLACE = {"HX-Request": "true", "HX-Target": "day"}
DAY = timedelta(days=1)
TODAY_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + DAY_QUERIES


def made(surgery: Surgery, starts_at: datetime, **fields: object) -> Appointment:
    """A visit of the doctor's, with a patient of its own."""
    return make_appointment(
        patient=make_patient(shop=surgery.clinic.shop, last_name="Sommer"),
        doctor=surgery.doctor,
        appointment_type=surgery.clinic.kind,
        starts_at=starts_at,
        **fields,  # type: ignore[arg-type]  # a row's columns
    )


def join_url(visit: Appointment) -> str:
    return url("appointment-join", visit.uid)


def day_of(surgery: Surgery) -> str:
    return words(surgery.jane.get(url("today")))


def test_an_empty_day_says_what_will_be_here(surgery: Surgery) -> None:
    page = day_of(surgery)

    assert "No visit ahead" in page
    assert "Nothing is booked today." in page
    assert "Monday, 1 March 2027" in page


def test_the_next_patient_is_named_with_the_time_and_when_the_room_opens(surgery: Surgery) -> None:
    made(surgery, START + HOUR)
    visit = made(surgery, START)

    answer = surgery.jane.get(url("today"))

    assert answer.context["day"].next.visit == visit
    assert "Next patient Paula Sommer" in words(answer)
    assert "Consultation · Mon 1 Mar 2027, 15:00 Europe/Berlin, CET" in words(answer)
    assert "Mon 1 Mar 2027, 14:50 Europe/Berlin, CET" in words(answer)
    assert join_url(visit) not in answer.content.decode()


@pytest.mark.parametrize(
    ("now", "status", "is_open"),
    [
        (START - 10 * MINUTE - timedelta(seconds=1), Status.CONFIRMED, False),
        (START - 10 * MINUTE, Status.CONFIRMED, True),
        (START + 30 * MINUTE + 60 * MINUTE - timedelta(seconds=1), Status.CONFIRMED, True),
        (START + 30 * MINUTE + 60 * MINUTE - timedelta(seconds=1), Status.NO_SHOW, True),
        (START + 30 * MINUTE + 60 * MINUTE, Status.COMPLETED, False),
    ],
)
def test_joining_works_within_the_span_only_on_the_page_and_behind_it(
    surgery: Surgery, settings: Settings, now: datetime, status: Status, is_open: bool
) -> None:
    visit = made(surgery, START, status=status)
    surgery.at(now)

    page = surgery.jane.get(url("today")).content.decode()
    door = surgery.jane.get(join_url(visit))

    assert (join_url(visit) in page) is is_open
    if is_open:
        assert door.status_code == 302
        assert door.headers["Location"].startswith(settings.JITSI_BASE_URL)
    else:
        assert door.status_code == 200
        assert "The room is not open" in words(door)


def test_who_comes_too_early_is_told_when_the_room_opens(surgery: Surgery) -> None:
    visit = made(surgery, START)

    assert "14:50 Europe/Berlin, CET" in words(surgery.jane.get(join_url(visit)))


def test_a_cancelled_visit_has_no_room(surgery: Surgery) -> None:
    visit = made(surgery, START, status=Status.CANCELLED)
    surgery.at(START)

    assert "does not take place" in words(surgery.jane.get(join_url(visit)))


def test_the_next_one_may_come_tomorrow_and_one_that_runs_is_now(surgery: Surgery) -> None:
    visit = made(surgery, START + DAY)
    assert "Next patient Paula Sommer" in day_of(surgery)
    assert "Nothing is booked today." in day_of(surgery)

    surgery.at(visit.starts_at + MINUTE)
    assert "Now Paula Sommer" in day_of(surgery)


def test_the_day_is_the_doctors_own_date(surgery: Surgery) -> None:
    late = made(surgery, NOW.replace(hour=23, minute=30))  # Tuesday 00:30 in Berlin
    assert surgery.jane.get(url("today")).context["day"].lines == []

    Doctor.objects.filter(pk=surgery.doctor.pk).update(timezone="America/New_York")
    lines = surgery.jane.get(url("today")).context["day"].lines
    assert [line.visit for line in lines] == [late]


def test_a_visit_that_ran_past_midnight_is_still_of_the_day(surgery: Surgery) -> None:
    midnight = NOW.replace(hour=23)  # in Berlin
    visit = made(surgery, midnight - 15 * MINUTE)
    surgery.at(midnight + 5 * MINUTE)

    lines = surgery.jane.get(url("today")).context["day"].lines

    assert [line.visit for line in lines] == [visit]


def test_nobody_elses_visits_are_shown(surgery: Surgery) -> None:
    colleague = make_doctor(organisation=surgery.clinic.organisation)
    make_appointment(
        patient=make_patient(shop=surgery.clinic.shop, last_name="Colleague’s"),
        doctor=colleague,
        appointment_type=surgery.clinic.kind,
        starts_at=START,
    )

    assert "Colleague’s" not in day_of(surgery)
    assert "Colleague’s" in words(log_in(colleague).get(url("today")))


def test_outcomes_are_offered_from_the_start_on(surgery: Surgery) -> None:
    visit = made(surgery, START)
    completed = url("today-outcome", visit.uid, "completed")
    assert completed not in surgery.jane.get(url("today")).content.decode()

    surgery.at(START)
    assert completed in surgery.jane.get(url("today")).content.decode()


def test_an_outcome_corrects_the_other_and_is_undone(surgery: Surgery) -> None:
    visit = made(surgery, START)
    surgery.at(START + MINUTE)
    completed, no_show = (url("today-outcome", visit.uid, w) for w in ("completed", "no-show"))

    first = surgery.jane.post(completed, headers=IN_PLACE)
    assert fresh(visit).status == Status.COMPLETED
    assert "Marked as completed. It was a no-show" in words(first)

    second = surgery.jane.post(no_show, headers=IN_PLACE)
    assert fresh(visit).status == Status.NO_SHOW
    assert "Marked as a no-show. Undo" in words(second)
    assert f'action="{completed}"' in second.content.decode()
    assert "<html" not in second.content.decode()


def test_an_outcome_works_without_javascript_and_by_undo(surgery: Surgery) -> None:
    visit = made(surgery, START)
    surgery.at(START + MINUTE)

    plain = surgery.jane.post(url("today-outcome", visit.uid, "no-show"))
    assert plain.headers["Location"] == url("today")
    undo = surgery.jane.post(
        url("today-outcome", visit.uid, "completed"), headers={"HX-Request": "true"}
    )
    assert undo.headers["HX-Redirect"] == url("today")
    assert fresh(visit).status == Status.COMPLETED


def test_an_outcome_too_early_or_of_a_cancelled_visit_says_why(surgery: Surgery) -> None:
    visit = made(surgery, START)
    early = surgery.jane.post(url("today-outcome", visit.uid, "completed"), headers=IN_PLACE)
    assert "Marked" not in words(early)
    assert fresh(visit).status == Status.CONFIRMED

    lifecycle.cancel(visit, actor=PATIENT, now=NOW)
    surgery.at(START)
    late = surgery.jane.post(url("today-outcome", visit.uid, "completed"), headers=IN_PLACE)
    assert "This appointment is cancelled" in words(late)


def test_an_outcome_nobody_knows_is_no_page(surgery: Surgery) -> None:
    visit = made(surgery, START)

    assert surgery.jane.post(url("today-outcome", visit.uid, "held")).status_code == 404


def test_what_was_called_off_since_the_last_visit_to_the_page_is_told(surgery: Surgery) -> None:
    seen, cancelled, moved = (surgery.clinic.book(START + DAY * n) for n in (1, 2, 3))
    lifecycle.cancel(seen, actor=PATIENT, now=NOW + MINUTE)
    surgery.at(NOW + 2 * MINUTE)
    assert [item.visit for item in news_of(surgery)] == [seen]

    lifecycle.cancel(cancelled, reason="Ill", actor=ADMIN, now=NOW + HOUR)
    new = lifecycle.rebook(moved, starts_at=START + 4 * DAY, actor=PATIENT, now=NOW + 2 * HOUR)
    surgery.at(NOW + 3 * HOUR)
    news = news_of(surgery)

    assert [(item.visit, item.successor) for item in news] == [(moved, new), (cancelled, None)]
    assert news_of(surgery) == news  # a reload is the same visit to the page
    surgery.at(NOW + 4 * HOUR)
    assert news_of(surgery) == []


def test_what_the_doctor_called_off_is_no_news_nor_is_a_hold(surgery: Surgery) -> None:
    lifecycle.cancel(surgery.clinic.book(), reason="Ill", actor=DOCTOR, now=NOW)
    lifecycle.cancel(surgery.clinic.hold(START + HOUR), actor=PATIENT, now=NOW)

    assert news_of(surgery) == []


def test_keeping_the_page_current_is_no_look_and_no_life_of_the_session(surgery: Surgery) -> None:
    surgery.jane.get(url("today"))
    looked_at, session = Doctor.objects.get().day_seen_at, surgery.jane.session
    session[SEEN_AT] = long_ago = to_epoch(utc_now()) - 120
    session.save()
    surgery.at(NOW + 2 * HOUR)

    answer = surgery.jane.get(url("today"), headers=POLL)

    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert Doctor.objects.get().day_seen_at == looked_at
    assert surgery.jane.session[SEEN_AT] == long_ago
    assert "X-Polling" in surgery.jane.get(url("today")).content.decode()
    assert surgery.jane.session[SEEN_AT] > long_ago


def test_yesterdays_automatic_completions_are_shown_to_be_corrected(surgery: Surgery) -> None:
    over = made(surgery, START - DAY, status=Status.COMPLETED, was_completed_automatically=True)
    made(surgery, START - DAY + HOUR, status=Status.COMPLETED)
    made(surgery, START - 2 * DAY, status=Status.COMPLETED, was_completed_automatically=True)

    lines = surgery.jane.get(url("today")).context["day"].completed_by_itself
    assert [line.visit for line in lines] == [over]

    surgery.jane.post(url("today-outcome", over.uid, "no-show"))
    assert fresh(over).status == Status.NO_SHOW
    assert surgery.jane.get(url("today")).context["day"].completed_by_itself == []


def test_the_day_costs_the_same_with_one_visit_and_with_three(
    surgery: Surgery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    surgery.jane.get(url("today"))
    for hours in (0, 1, 2):
        made(surgery, START + hours * HOUR)
        made(surgery, START - DAY + hours * HOUR, status=Status.COMPLETED)
        made(surgery, START + DAY + hours * HOUR, status=Status.CANCELLED)
        if hours in (0, 2):
            with django_assert_num_queries(TODAY_QUERIES):
                surgery.jane.get(url("today"))


def news_of(surgery: Surgery) -> list[CalledOff]:
    return list(surgery.jane.get(url("today")).context["day"].news)
