"""The patients' pages: list, profile, visits, booking for a patient, opt-outs, export, erase."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from appointments.models import Appointment
from appointments.status import Status
from common.clock import to_epoch
from notifications.models import Channel, Suppression, SuppressionReason
from organisations.models import AuditEntry, Patient
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR, START
from tests.factories import (
    NOW,
    make_appointment,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
    make_user,
)
from tests.portals.browsers import sign_in

from .front_desk import FrontDesk, prove_again, url, words

LIST_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1
# The patient; earlier and upcoming visits; suppressed addresses; the audit entry.
PAGE_QUERIES = ACCESS_QUERIES + LAYOUT_QUERIES + 1 + 2 + 1 + 1


@pytest.fixture
def patient(desk: FrontDesk) -> Patient:
    return make_patient(shop=desk.clinic.shop, phone="+4930901820")


def test_the_list_shows_the_newest_first_with_the_next_visit(desk: FrontDesk) -> None:
    old, new = (make_patient(shop=desk.clinic.shop, first_name=name) for name in ("Alte", "Neue"))
    desk.clinic.book(patient=old)
    foreign = make_shop(organisation=make_organisation())
    make_patient(shop=foreign, first_name="Fremde")

    answer = desk.operations.get(url("patients"))

    assert [row.uid for row in answer.context["page"].rows] == [new.uid, old.uid]
    assert "Alte Patient" in words(answer)
    assert "Mon 1 Mar, 15:00 CET" in words(answer)
    assert "Fremde" not in words(answer)


def test_no_patients_says_how_they_come(desk: FrontDesk) -> None:
    assert "No patients yet" in words(desk.admin.get(url("patients")))


def test_pages_go_on_by_key(desk: FrontDesk) -> None:
    for number in range(51):
        make_patient(shop=desk.clinic.shop, first_name=f"Nr{number}")

    first = desk.admin.get(url("patients")).context["page"]
    second = desk.admin.get(url("patients") + first.next_url).context["page"]

    assert (len(first.rows), len(second.rows), second.next_url) == (50, 1, "")
    assert not {row.uid for row in first.rows} & {row.uid for row in second.rows}


def test_lists_cost_the_same_with_one_row_and_with_three(
    desk: FrontDesk, patient: Patient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    def open_both() -> None:
        with django_assert_num_queries(LIST_QUERIES):
            desk.admin.get(url("patients"))
        with django_assert_num_queries(PAGE_QUERIES):
            desk.admin.get(url("patient", patient.uid))

    _visit(desk, patient, hours=0)
    _visit(desk, patient, hours=-24, status=Status.COMPLETED)
    open_both()
    for number in (1, 2):
        make_patient(shop=desk.clinic.shop)
        _visit(desk, patient, hours=number)
        _visit(desk, patient, hours=-24 - number, status=Status.NO_SHOW)
    open_both()


def test_the_page_shows_the_profile_and_every_visit_upcoming_first(
    desk: FrontDesk, patient: Patient
) -> None:
    patient.date_of_birth = date(1990, 3, 2)
    patient.extra_fields = {"insurance": "Public"}
    patient.save()
    _visit(desk, patient, hours=-48, status=Status.COMPLETED)
    _visit(desk, patient, hours=24, status=Status.CANCELLED)
    _visit(desk, patient, hours=48)
    _visit(desk, patient, hours=-6)  # it has begun and is not over

    answer = desk.operations.get(url("patient", patient.uid))

    text = words(answer)
    assert "2 Mar 1990, 36 years" in text
    assert "insurance Public" in text
    assert [row.visit.starts_at for row in answer.context["upcoming"]] == [
        START - 6 * HOUR,
        START + 48 * HOUR,
    ]
    assert [row.status for row in answer.context["earlier"]] == [
        Status.CANCELLED,
        Status.COMPLETED,
    ]


def test_a_hold_that_has_run_out_reads_expired(desk: FrontDesk, patient: Patient) -> None:
    _visit(desk, patient, hours=24, status=Status.HELD)
    desk.at(NOW + timedelta(minutes=15))

    answer = desk.admin.get(url("patient", patient.uid))

    assert answer.context["upcoming"] == []
    assert [row.status for row in answer.context["earlier"]] == [Status.EXPIRED]


def test_dates_are_those_of_the_clinics_calendar(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half past midnight in Berlin, the day before in UTC."""
    midnight = datetime(2027, 3, 1, 23, 30, tzinfo=UTC)
    person = make_patient(shop=desk.clinic.shop)
    Patient.objects.filter(pk=person.pk).update(created_at=midnight, date_of_birth=date(1990, 3, 2))
    monkeypatch.setattr("portals.clinic.access.utc_now", lambda: midnight)

    text = words(desk.operations.get(url("patient", person.uid)))

    assert "since 2 Mar 2027" in text
    assert "2 Mar 1990, 37 years" in text


def test_opening_is_audited_and_turning_the_pages_is_not_again(
    desk: FrontDesk, patient: Patient
) -> None:
    for number in range(21):
        _visit(desk, patient, hours=-24 - number, status=Status.COMPLETED)

    page = desk.operations.get(url("patient", patient.uid))
    older = desk.operations.get(url("patient", patient.uid) + page.context["pages"].next_url)

    assert len(older.context["earlier"]) == 1
    assert desk.audited("patient.opened") == [("Olga Operations", patient.uid)]


def test_no_patient_data_is_in_title_or_urls(desk: FrontDesk, patient: Patient) -> None:
    html = desk.admin.get(url("patient", patient.uid)).content.decode()

    assert "<title>Patient · Northside Clinic</title>" in html
    links = [part.split('"')[0] for part in html.split('href="')[1:]]
    assert not [link for link in links if "aula" in link]


ROUTES = {
    "patient": "get",
    "patient-book": "get",
    "patient-opt-outs": "post",
    "patient-lift": "post",
    "patient-export": "post",
    "patient-erase": "get",
}


@pytest.mark.parametrize("name", ROUTES)
def test_another_organisations_patient_reads_like_none(
    desk: FrontDesk, patient: Patient, stranger: Client, name: str
) -> None:
    prove_again(stranger)
    act = getattr(stranger, ROUTES[name])

    theirs, absent = act(url(name, patient.uid)), act(url(name, "pp-absent"))

    assert (theirs.status_code, absent.status_code) == (404, 404)
    assert theirs.content == absent.content
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("name", ROUTES)
def test_a_doctor_may_not(desk: FrontDesk, patient: Patient, name: str) -> None:
    doctor = desk.clinic.doctor
    doctor.user = user = make_user(name="Dr Number 0")
    doctor.save()

    answer = getattr(sign_in(user), ROUTES[name])(url(name, patient.uid))

    assert answer.headers["Location"] == "/doctor/"


@pytest.mark.parametrize("name", ["patient-export", "patient-erase"])
def test_operations_neither_exports_nor_erases(
    desk: FrontDesk, patient: Patient, name: str
) -> None:
    answer = getattr(desk.operations, ROUTES[name])(url(name, patient.uid))

    assert answer.status_code == 403
    page = desk.operations.get(url("patient", patient.uid))
    assert "Export as JSON" not in words(page)
    assert "Erase" not in words(page)


def test_booking_for_a_patient_goes_from_type_to_confirmation(
    desk: FrontDesk, patient: Patient
) -> None:
    other = make_type(
        organisation=desk.clinic.organisation, doctors=desk.clinic.doctors, name="First visit"
    )
    book = url("patient-book", patient.uid)

    types = words(desk.operations.get(book))
    times = words(desk.operations.get(book, {"type": other.uid}))
    chosen = {"type": other.uid, "at": str(to_epoch(START))}
    told = words(desk.operations.get(book, chosen))
    data = {"at": str(to_epoch(START)), "doctor": desk.clinic.doctor.uid, "tell_patient": "on"}
    done = desk.operations.post(f"{book}?type={other.uid}", data)

    assert "Consultation 30 min" in types
    assert "First visit, 30 min" in times
    assert "paula@patients.example hears that it is confirmed" in told
    visit = Appointment.objects.get()
    assert done.headers["Location"] == url("appointment", visit.uid)
    assert (visit.patient, visit.appointment_type, visit.status) == (
        patient,
        other,
        Status.CONFIRMED,
    )
    assert {move.actor_label for move in visit.transitions.all()} == {"Olga Operations"}


def test_the_only_type_is_not_asked_for(desk: FrontDesk, patient: Patient) -> None:
    assert "Monday, 1 March 2027" in words(desk.admin.get(url("patient-book", patient.uid)))


def test_a_visit_at_the_patients_own_time_is_refused_in_words(
    desk: FrontDesk, patient: Patient
) -> None:
    desk.clinic.book(patient=patient)
    second = desk.clinic.new_doctor()
    desk.clinic.kind.offers.create(organisation=desk.clinic.organisation, doctor=second)

    data = {"at": str(to_epoch(START)), "doctor": second.uid}
    answer = desk.admin.post(url("patient-book", patient.uid), data)

    assert answer.status_code == 422
    assert "already has a confirmed appointment at this time" in words(answer)


def test_opt_outs_are_saved_audited_and_can_be_undone(desk: FrontDesk, patient: Patient) -> None:
    answer = desk.operations.post(url("patient-opt-outs", patient.uid), {"sms": "on"}, follow=True)

    patient.refresh_from_db()
    assert (patient.has_opted_out_of_email_reminders, patient.has_opted_out_of_sms_reminders) == (
        False,
        True,
    )
    assert "Undo" in words(answer)
    assert desk.audited("patient.opt_outs_changed") == [("Olga Operations", patient.uid)]

    desk.operations.post(url("patient-opt-outs", patient.uid), {})
    patient.refresh_from_db()
    assert patient.has_opted_out_of_sms_reminders is False


def test_a_suppressed_address_is_shown_and_lifted(desk: FrontDesk, patient: Patient) -> None:
    for channel, address in ((Channel.EMAIL, patient.email), (Channel.SMS, patient.phone)):
        Suppression.objects.create(
            organisation=desk.clinic.organisation,
            channel=channel,
            address=address,
            reason=SuppressionReason.OPTED_OUT,
            created_at=NOW,
        )
    assert "Not sent SMS to +4930901820: answered STOP." in words(
        desk.admin.get(url("patient", patient.uid))
    )

    desk.operations.post(url("patient-lift", patient.uid), {"channel": "sms"})

    assert Suppression.objects.get().channel == Channel.EMAIL
    assert desk.audited("suppression.lifted") == [("Olga Operations", patient.uid)]


def test_the_export_is_a_file_named_by_the_uid(desk: FrontDesk, patient: Patient) -> None:
    visit = desk.clinic.book(patient=patient)

    answer = desk.admin.post(url("patient-export", patient.uid))

    assert answer.headers["Content-Disposition"] == f'attachment; filename="{patient.uid}.json"'
    data = json.loads(answer.content)
    assert data["patient"]["first_name"] == "Paula"
    assert [each["uid"] for each in data["appointments"]] == [visit.uid]
    assert desk.audited("patient.exported") == [("Ada Admin", patient.uid)]


def test_erasing_asks_for_the_password_again(desk: FrontDesk, patient: Patient) -> None:
    answer = desk.admin.post(url("patient-erase", patient.uid), {"uid": patient.uid})

    assert answer.headers["Location"].startswith("/accounts/confirm/")
    assert Patient.objects.get().erased_at is None


@pytest.mark.parametrize("typed", ["", "Paula Patient", "pp-other"])
def test_erasing_asks_for_the_uid(desk: FrontDesk, patient: Patient, typed: str) -> None:
    prove_again(desk.admin)

    answer = desk.admin.post(url("patient-erase", patient.uid), {"uid": typed})

    assert answer.status_code == 422
    assert Patient.objects.get().erased_at is None


def test_erasing_lists_what_must_be_cancelled_first(desk: FrontDesk, patient: Patient) -> None:
    prove_again(desk.admin)
    visit = desk.clinic.book(patient=patient)

    page = desk.admin.get(url("patient-erase", patient.uid))
    pressed = desk.admin.post(url("patient-erase", patient.uid), {"uid": patient.uid})

    assert url("appointment", visit.uid) in page.content.decode()
    assert "still has appointments that are held or booked" in words(pressed)
    assert Patient.objects.get().erased_at is None


def test_an_erased_patient_is_a_page_without_a_person(desk: FrontDesk, patient: Patient) -> None:
    prove_again(desk.admin)
    _visit(desk, patient, hours=-24, status=Status.COMPLETED)

    desk.admin.post(url("patient-erase", patient.uid), {"uid": f" {patient.uid} "})
    page = desk.admin.get(url("patient", patient.uid))
    booking = desk.admin.get(url("patient-book", patient.uid))

    assert Patient.objects.get().erased_at == NOW
    assert "Erased patient" in words(page)
    assert "Completed" in words(page)
    assert "Book for this patient" not in words(page)
    assert "Paula" not in page.content.decode()
    assert booking.headers["Location"] == url("patient", patient.uid)


def _visit(
    desk: FrontDesk, patient: Patient, *, hours: int, status: Status = Status.CONFIRMED
) -> Appointment:
    return make_appointment(
        patient=patient,
        doctor=desk.clinic.doctor,
        appointment_type=desk.clinic.kind,
        starts_at=START + hours * HOUR,
        status=status,
    )
