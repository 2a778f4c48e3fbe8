"""The doctor's appointments: list, week, one visit, and what is done to it. Only the doctor's own, anywhere."""

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.links import portal_url
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Delivery
from organisations.actors import ActorKind
from portals import keyset
from portals.doctor.access import ACCESS_QUERIES
from portals.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR, MINUTE, START
from tests.factories import (
    NOW,
    PARTNER,
    PATIENT,
    make_appointment,
    make_doctor,
    make_patient,
)
from tests.portals.clinic.front_desk import actions, fresh, words

from .surgery import Surgery, log_in, open_surgery, url

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LIST_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 2  # rows; the counts of the tabs
WEEK_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1
PAGE_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 3  # visit, audit entry, history


def shown(surgery: Surgery, query: str = "") -> list[Appointment]:
    answer = surgery.jane.get(url("appointments") + query)
    assert answer.status_code == 200
    return [row.visit for row in answer.context["rows"]]


def of_a_colleague(surgery: Surgery) -> Appointment:
    colleague = make_doctor(organisation=surgery.clinic.organisation, display_name="Dr Carl")
    return make_appointment(
        patient=make_patient(shop=surgery.clinic.shop, last_name="Colleague’s"),
        doctor=colleague,
        appointment_type=surgery.clinic.kind,
        starts_at=START,
    )


def test_the_list_has_the_doctors_upcoming_visits_and_nobody_elses(surgery: Surgery) -> None:
    later, sooner = surgery.clinic.book(START + HOUR), surgery.clinic.book(START)
    foreign = of_a_colleague(surgery)

    assert shown(surgery) == [sooner, later]
    for tab in ("all", "past", "held", "cancelled"):
        assert foreign not in shown(surgery, f"?tab={tab}")
    assert foreign not in shown(surgery, f"?tab=all&doctor={foreign.doctor.uid}")


def test_tabs_status_and_dates_narrow_the_list(surgery: Surgery) -> None:
    booked, cancelled = surgery.clinic.book(), surgery.clinic.book(START + DAY)
    lifecycle.cancel(cancelled, actor=PATIENT, now=NOW)

    assert shown(surgery, "?tab=cancelled") == [cancelled]
    assert shown(surgery, "?tab=all&status=confirmed") == [booked]
    assert shown(surgery, "?tab=all&dates=tomorrow") == [cancelled]
    assert shown(surgery, "?tab=all&dates=custom&from=2027-03-01&to=2027-03-01") == [booked]


@pytest.mark.parametrize(
    "query",
    [
        "?tab=nowhere",
        "?status=%00",
        "?dates=custom&from=2027-02-30",
        "?dates=custom&from=2027-03-02&to=2027-03-01",
        "?page=%FF",
        "?patient=pp-%00&doctor=x",
    ],
)
def test_nonsense_in_the_address_is_no_error(surgery: Surgery, query: str) -> None:
    visit = surgery.clinic.book()

    assert shown(surgery, query) == [visit]


def test_no_visit_is_missing_between_pages(
    surgery: Surgery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyset.paginate, "__kwdefaults__", {**_DEFAULTS, "size": 2})
    visits = [surgery.clinic.book(START + n * HOUR) for n in range(5)]
    seen, query = [], ""
    while True:
        answer = surgery.jane.get(url("appointments") + query)
        seen += [row.visit for row in answer.context["rows"]]
        query = answer.context["visits"].next_url
        if not query:
            break

    assert seen == visits


_DEFAULTS = dict(keyset.paginate.__kwdefaults__ or {})


def test_the_list_costs_the_same_with_one_visit_and_with_three(
    surgery: Surgery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for hours in (0, 1, 2):
        surgery.clinic.book(START + hours * HOUR)
        if hours in (0, 2):
            with django_assert_num_queries(LIST_QUERIES):
                shown(surgery)
            with django_assert_num_queries(WEEK_QUERIES):
                surgery.jane.get(url("appointments-week"))


def test_the_week_has_its_visits_by_day_and_leads_to_the_next(surgery: Surgery) -> None:
    visit, next_week = surgery.clinic.book(START + DAY), surgery.clinic.book(START + 7 * DAY)
    called_off = surgery.clinic.book(START + 2 * DAY)
    lifecycle.cancel(called_off, actor=PATIENT, now=NOW)
    of_a_colleague(surgery)

    answer = surgery.jane.get(url("appointments-week"))
    days = {day.date.day: [entry.visit for entry in day.entries] for day in answer.context["days"]}
    assert days == {1: [], 2: [visit], 3: [], 4: [], 5: [], 6: [], 7: []}

    following = surgery.jane.get(answer.context["next_url"])
    assert following.context["days"][0].entries[0].visit == next_week


@pytest.mark.parametrize(("language", "first"), [("de", "2027-03-01"), ("en-US", "2027-02-28")])
def test_the_week_begins_as_the_readers_locale_does(
    surgery: Surgery, language: str, first: str
) -> None:
    answer = surgery.jane.get(url("appointments-week"), headers={"Accept-Language": language})

    assert answer.context["days"][0].date.isoformat() == first
    assert answer.context["is_present"]


@pytest.mark.parametrize("date", ["nonsense", "2027-02-30", "%00", "1500-01-01"])
def test_a_week_nobody_can_show_is_the_present_one(surgery: Surgery, date: str) -> None:
    answer = surgery.jane.get(f"{url('appointments-week')}?date={date}")

    assert answer.context["is_present"]
    assert "no date that can be shown" in words(answer)


@pytest.mark.parametrize("date", ["1970-01-01", "2099-12-31"])
def test_the_ends_of_the_calendar_are_weeks_like_others(surgery: Surgery, date: str) -> None:
    assert surgery.jane.get(f"{url('appointments-week')}?date={date}").status_code == 200


def test_the_page_says_what_a_doctor_needs_and_is_audited(
    surgery: Surgery, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    patient = make_patient(
        shop=surgery.clinic.shop,
        last_name="Sommer",
        phone="+4930123456",
        timezone="America/New_York",
    )
    visit = surgery.clinic.book(patient=patient)

    with django_assert_num_queries(PAGE_QUERIES):
        page = words(surgery.jane.get(url("appointment", visit.uid)))

    for text in (
        "Paula Sommer",
        "+4930123456",
        "paula@patients.example",
        "09:00 America/New_York, EST",
        "Mon 1 Mar 2027, 14:50 Europe/Berlin, CET",
        "Booked",
    ):
        assert text in page
    assert surgery.audited("appointment.opened") == [("Dr Number 0", visit.uid)]


def test_a_mail_leads_to_the_page(surgery: Surgery) -> None:
    visit = surgery.clinic.book()

    assert portal_url(visit, "doctor").endswith(url("appointment", visit.uid))


ROUTES = (
    "appointment",
    "appointment-join",
    "appointment-confirm",
    "appointment-cancel",
    "appointment-complete",
    "appointment-no-show",
    "appointment-rebook",
    "appointment-book-again",
)


@pytest.mark.parametrize("name", ROUTES)
def test_a_colleagues_visit_reads_like_none_at_all(surgery: Surgery, name: str) -> None:
    foreign = of_a_colleague(surgery)
    for method in ("get", "post"):
        theirs = getattr(surgery.jane, method)(url(name, foreign.uid), {"reason": "x"})
        absent = getattr(surgery.jane, method)(url(name, "mtg-nothing"), {"reason": "x"})

        assert (theirs.status_code, theirs.content) == (absent.status_code, absent.content)
        assert theirs.status_code in (404, 405)
    assert fresh(foreign).updated_at == foreign.updated_at


def test_a_doctor_cancels_with_a_reason_for_the_office_and_a_message_for_the_patient(
    surgery: Surgery,
) -> None:
    visit = surgery.clinic.book()
    cancel = url("appointment-cancel", visit.uid)
    assert "On whose behalf" not in words(surgery.jane.get(cancel))

    answer = surgery.jane.post(
        cancel, {"reason": "I am ill", "message": "I am sorry.", "tell_patient": "on"}
    )

    assert answer.headers["Location"] == url("appointment", visit.uid)
    visit = fresh(visit)
    assert (visit.status, visit.cancelled_by) == (Status.CANCELLED, ActorKind.DOCTOR)
    assert (visit.cancellation_reason, visit.cancellation_message) == ("I am ill", "I am sorry.")
    page = words(surgery.jane.get(url("appointment", visit.uid)))
    assert "Cancelled by Dr Number 0" in page
    assert "Reason I am ill" in page


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_refused_cancellation_keeps_what_was_typed(surgery: Surgery, reason: str) -> None:
    visit = surgery.clinic.book()

    answer = surgery.jane.post(
        url("appointment-cancel", visit.uid), {"reason": reason, "message": "I am sorry."}
    )

    assert answer.status_code == 422
    assert "I am sorry." in answer.content.decode()
    assert fresh(visit).status == Status.CONFIRMED


def test_who_is_slower_is_told_what_became_of_the_visit(surgery: Surgery) -> None:
    visit = surgery.clinic.book()
    lifecycle.cancel(visit, actor=PATIENT, now=NOW)

    answer = surgery.jane.post(url("appointment-cancel", visit.uid), {"reason": "I am ill"})

    assert answer.status_code == 422
    assert "This appointment is cancelled" in words(answer)


def test_a_doctor_moves_a_visit_to_another_of_their_own_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surgery = open_surgery(monkeypatch, doctors=2)
    visit = surgery.clinic.book(doctor=surgery.doctor)
    rebook = url("appointment-rebook", visit.uid)
    assert "Dr Number 1" not in words(surgery.jane.get(rebook))

    at = str(int((START + HOUR).timestamp()))
    foreign = surgery.jane.post(rebook, {"at": at, "doctor": surgery.clinic.doctors[1].uid})
    assert foreign.status_code == 422
    answer = surgery.jane.post(rebook, {"at": at, "doctor": surgery.doctor.uid})

    new = Appointment.objects.get(previous=visit)
    assert answer.headers["Location"] == url("appointment", new.uid)
    assert (new.starts_at, new.doctor) == (START + HOUR, surgery.doctor)
    page = words(surgery.jane.get(url("appointment", visit.uid)))
    assert "This appointment was moved. Go to the new one" in page


def test_where_only_ones_own_times_are_offered_the_doctor_needs_no_word(surgery: Surgery) -> None:
    """The office reads why it cannot choose a doctor; a doctor cannot anyway."""
    visit = surgery.clinic.book(START + DAY)
    assert "same doctor only" not in words(surgery.jane.get(url("appointment-rebook", visit.uid)))


def test_inside_the_notice_it_is_too_close_to_move(surgery: Surgery) -> None:
    visit = surgery.clinic.book()
    surgery.at(START - 59 * MINUTE)

    assert "too close to move" in words(surgery.jane.get(url("appointment", visit.uid)))
    answer = surgery.jane.post(url("appointment-rebook", visit.uid), {})
    assert answer.status_code == 422
    assert "too close to move" in words(answer)


def test_what_did_not_take_place_is_booked_again(surgery: Surgery) -> None:
    visit = surgery.clinic.book()
    lifecycle.cancel(visit, actor=PATIENT, now=NOW)
    assert actions(surgery.jane.get(url("appointment", visit.uid))) == ["Book again"]

    at = str(int(START.timestamp()))
    again = url("appointment-book-again", visit.uid)
    surgery.jane.post(again, {"at": at, "doctor": surgery.doctor.uid, "tell_patient": "on"})

    new = Appointment.objects.exclude(pk=visit.pk).get()
    assert (new.status, new.starts_at, new.patient) == (Status.CONFIRMED, START, visit.patient)
    assert Delivery.objects.filter(about_uid=new.uid, recipient_uid=visit.patient.uid).exists()


def test_a_hold_is_confirmed_for_the_patient(surgery: Surgery) -> None:
    held = surgery.clinic.hold()

    surgery.jane.post(url("appointment-confirm", held.uid), {"tell_patient": "on"})

    assert fresh(held).status == Status.CONFIRMED
    assert "Confirmed by Dr Number 0" in words(surgery.jane.get(url("appointment", held.uid)))


def test_a_visit_that_went_to_a_colleague_does_not_link_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    surgery = open_surgery(monkeypatch, doctors=2)
    visit = surgery.clinic.book(doctor=surgery.doctor)
    colleague = surgery.clinic.doctors[1]
    new = lifecycle.rebook(visit, starts_at=START + HOUR, doctor=colleague, actor=PARTNER, now=NOW)

    page = surgery.jane.get(url("appointment", visit.uid)).content.decode()
    assert "to a colleague" in page
    assert new.uid not in surgery.jane.get(f"{url('appointments')}?tab=all").content.decode()
    assert new.uid not in page
    assert visit.uid not in log_in(colleague).get(url("appointment", new.uid)).content.decode()
    assert "to a colleague" in words(surgery.jane.get(url("today")))
