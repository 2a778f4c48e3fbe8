"""Cancelling several at once: what is asked, who is told, what was done and what was not."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from appointments import lifecycle
from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from notifications.models import Delivery
from portals.clinic.access import ACCESS_QUERIES
from portals.clinic.appointments import bulk
from portals.clinic.appointments import list as list_page
from portals.clinic.layout import LAYOUT_QUERIES
from tests.appointments.clinic import HOUR
from tests.factories import (
    ADMIN,
    NOW,
    PATIENT,
    make_appointment,
    make_doctor,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)
from tests.standing import Stand, patched

from .front_desk import FrontDesk, fresh, stand_up, url, words

DAY = timedelta(days=1)
SAID = {"reason": "Doctor is ill", "on_behalf_of": "doctor", "tell_patient": "on"}


@pytest.fixture(scope="module")
def standing_desk(stand: Stand) -> FrontDesk:
    return stand(patched(lambda monkeypatch: stand_up(monkeypatch, doctors=2)))


def book(desk: FrontDesk, count: int) -> list[Appointment]:
    return [
        desk.clinic.book(NOW + DAY + n * HOUR, doctor=desk.clinic.doctors[n % 2])
        for n in range(count)
    ]


def post(desk: FrontDesk, visits: list[Appointment], **said: Any) -> HttpResponse:
    fields = {"uid": [visit.uid for visit in visits], **SAID, **said}
    response = desk.operations.post(url("appointments-cancel"), fields)
    assert isinstance(response, HttpResponse)
    return response


def statuses(visits: list[Appointment]) -> list[str]:
    return [fresh(visit).status for visit in visits]


def asked(desk: FrontDesk, **query: Any) -> Any:
    return desk.operations.get(url("appointments-cancel"), query)


def test_the_ticked_ones_are_shown_with_who_will_be_told_before_anything_happens(
    desk: FrontDesk,
) -> None:
    visits = book(desk, 3)
    silent = make_patient(shop=desk.clinic.shop, first_name="Sam", last_name="Silent", email="")
    visits.append(desk.clinic.book(NOW + 3 * DAY, patient=silent, doctor=desk.clinic.doctors[0]))

    page = asked(desk, uid=[visit.uid for visit in visits])

    text = words(page)
    assert "Cancel 4 appointments?" in text
    assert "3 patients by e-mail" in text
    assert "for each of 3 visits" in text  # the first doctor's mails, in words
    assert "not told: Sam Silent: no e-mail address" in text
    assert statuses(visits) == [Status.CONFIRMED] * 4


def test_each_is_cancelled_with_the_one_reason_and_everybody_is_told(desk: FrontDesk) -> None:
    visits = book(desk, 3)

    page = post(desk, visits, message="We are sorry.")

    assert "3 appointments cancelled All that were chosen." in words(page)
    for visit in map(fresh, visits):
        assert visit.status == Status.CANCELLED
        assert visit.cancellation_reason == "Doctor is ill"
        assert visit.cancellation_message == "We are sorry."
        assert visit.cancelled_on_behalf_of == "doctor"
    moves = AppointmentTransition.objects.filter(to_status=Status.CANCELLED)
    assert {move.actor_label for move in moves} == {"Olga Operations"}
    assert (
        Delivery.objects.filter(kind="appointment.cancelled", recipient_group="patient").count()
        == 3
    )


def test_unticked_the_patients_hear_nothing_and_the_history_says_so(desk: FrontDesk) -> None:
    visits = book(desk, 2)

    post(desk, visits, tell_patient="")

    assert not Delivery.objects.filter(
        kind="appointment.cancelled", recipient_group="patient"
    ).exists()
    moves = AppointmentTransition.objects.filter(to_status=Status.CANCELLED)
    assert {move.note for move in moves} == {"On behalf of the doctor. The patient was not told."}


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nothing_is_cancelled_and_the_form_says_why(
    desk: FrontDesk, reason: str
) -> None:
    visits = book(desk, 2)

    page = post(desk, visits, reason=reason, message="What was typed stays")

    assert page.status_code == 422
    assert "Say why." in words(page)
    assert "What was typed stays" in page.content.decode()
    assert statuses(visits) == [Status.CONFIRMED] * 2


def test_what_somebody_else_did_meanwhile_is_reported_and_the_rest_is_done(
    desk: FrontDesk,
) -> None:
    first, second, third = book(desk, 3)
    asked(desk, uid=[first.uid, second.uid, third.uid])
    lifecycle.cancel(second, reason="Patient asked", actor=ADMIN, now=NOW)

    page = post(desk, [first, second, third])

    assert [outcome.row.visit.uid for outcome in page.context["left"]] == [second.uid]  # type: ignore[attr-defined]  # the test client's
    text = words(page)
    assert "2 appointments cancelled 1 was not" in text
    assert "It was cancelled already." in text
    assert fresh(second).cancellation_reason == "Patient asked"
    assert statuses([first, third]) == [Status.CANCELLED] * 2


def test_one_that_fails_leaves_the_others_cancelled(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has its own transaction: an error at the last one takes nothing back."""
    first, last = book(desk, 2)
    real = lifecycle.cancel

    def cancel(visit: Appointment, **arguments: Any) -> Appointment:
        if visit.uid == last.uid:
            raise RuntimeError("the plug is pulled")
        return real(visit, **arguments)

    monkeypatch.setattr(lifecycle, "cancel", cancel)
    with pytest.raises(RuntimeError):
        post(desk, [first, last])

    assert statuses([first, last]) == [Status.CANCELLED, Status.CONFIRMED]


def test_a_hold_is_let_go_and_tells_no_one(desk: FrontDesk) -> None:
    held = desk.clinic.hold(NOW + DAY)

    assert "Nobody: holds tell no one." in words(asked(desk, uid=held.uid))
    post(desk, [held])

    assert statuses([held]) == [Status.CANCELLED]
    assert not Delivery.objects.filter(kind="appointment.cancelled").exists()


def test_those_that_cannot_be_cancelled_are_named_and_left(desk: FrontDesk) -> None:
    going, gone = book(desk, 2)
    lifecycle.cancel(gone, actor=PATIENT, now=NOW)

    page = asked(desk, uid=[going.uid, gone.uid])

    assert [row.visit.uid for row in page.context["going"]] == [going.uid]
    assert [row.visit.uid for row in page.context["staying"]] == [gone.uid]


def test_all_of_this_filter_are_those_of_the_list_and_fixed_when_asked(desk: FrontDesk) -> None:
    visits = book(desk, 4)
    mine = [visit for visit in visits if visit.doctor == desk.clinic.doctor]
    listed = desk.admin.get(url("appointments"), {"doctor": desk.clinic.doctor.uid})
    offer = listed.context["all_of_filter"]

    page = desk.admin.get(offer["url"])
    desk.clinic.book(NOW + 5 * DAY, doctor=desk.clinic.doctor)

    assert offer["count"] == 2
    assert [row.visit.uid for row in page.context["going"]] == [visit.uid for visit in mine]
    assert page.content.decode().count('name="uid"') == 2
    assert page.context["back"] == f"{url('appointments')}?doctor={desk.clinic.doctor.uid}"


def test_more_than_may_go_at_once_are_refused_not_cut(
    desk: FrontDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (bulk, list_page):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
    visits = book(desk, 3)

    listed = desk.operations.get(url("appointments"))
    page = desk.operations.get(url("appointments-cancel"), {"all": "1"}, follow=True)
    posted = desk.operations.post(
        url("appointments-cancel"), {"uid": [visit.uid for visit in visits], **SAID}, follow=True
    )

    assert listed.context["all_of_filter"]["url"] == ""
    assert "Narrow the filter to 2 or fewer" in words(listed)
    assert "Choose at most 2 at once" in words(page)
    assert "Choose at most 2 at once" in words(posted)
    assert statuses(visits) == [Status.CONFIRMED] * 3


@pytest.mark.parametrize("uids", [[], ["mtg-nobody"], ["\0"], ["x" * 5000]])
def test_nothing_usable_ticked_leads_back_to_the_list(desk: FrontDesk, uids: list[str]) -> None:
    fields = {"uid": uids, "back": "?tab=all"}

    response = desk.operations.get(url("appointments-cancel"), fields)

    assert response.status_code == 302
    assert response.headers["Location"] == f"{url('appointments')}?tab=all"
    page = desk.operations.post(url("appointments-cancel"), {**fields, **SAID}, follow=True)
    assert "Tick the appointments to cancel first." in words(page)


def test_back_leads_to_the_list_only(desk: FrontDesk) -> None:
    visit = book(desk, 1)[0]

    page = asked(desk, uid=visit.uid, back="https://elsewhere.example/?x=1")

    assert page.context["back"].startswith(f"{url('appointments')}?")


def test_another_organisations_visit_is_none(desk: FrontDesk) -> None:
    other = make_organisation(name="Southside Clinic")
    foreign = make_appointment(
        patient=make_patient(shop=make_shop(organisation=other)),
        doctor=make_doctor(organisation=other),
        appointment_type=make_type(organisation=other),
        starts_at=NOW + DAY,
    )

    mine = book(desk, 1)[0]

    page = asked(desk, uid=[mine.uid, foreign.uid])
    post(desk, [mine, foreign])

    assert [row.visit.uid for row in page.context["going"]] == [mine.uid]
    assert statuses([mine, foreign]) == [Status.CANCELLED, Status.CONFIRMED]


def test_asking_costs_the_same_for_one_and_for_three(
    desk: FrontDesk, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    visits = book(desk, 3)
    for count in (1, 3):
        uids = [visit.uid for visit in visits[:count]]
        with django_assert_num_queries(ACCESS_QUERIES + LAYOUT_QUERIES + 1):
            asked(desk, uid=uids)
