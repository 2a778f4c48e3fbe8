"""Confirming, cancelling, completing and marking no-shows from the page."""

import pytest

from appointments import lifecycle
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Delivery
from organisations.models import Shop
from tests.appointments.clinic import HOUR, MINUTE, START
from tests.factories import ADMIN, NOW, PATIENT, make_user
from tests.portals.browsers import sign_in

from .front_desk import FrontDesk, fresh, url, words

CANCEL = {"reason": "Doctor is ill", "on_behalf_of": "doctor", "tell_patient": "on"}


def test_cancelling_asks_first_and_says_who_will_be_told_what(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    text = words(desk.operations.get(url("appointment-cancel", visit.uid)))

    assert "Paula Patient paula@patients.example hears that it is cancelled" in text
    assert "Dr Number 0 jane.hill@clinic.example hears that it is cancelled" in text
    assert fresh(visit).status == Status.CONFIRMED


def test_cancelling_stores_reason_message_and_on_whose_behalf(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    answer = desk.operations.post(
        url("appointment-cancel", visit.uid), {**CANCEL, "message": "We are sorry."}
    )

    assert answer.headers["Location"] == url("appointment", visit.uid)
    row = fresh(visit)
    assert (row.status, row.cancelled_by, row.cancelled_on_behalf_of) == (
        Status.CANCELLED,
        "admin",
        "doctor",
    )
    assert (row.cancellation_reason, row.cancellation_message) == (
        "Doctor is ill",
        "We are sorry.",
    )
    move = row.transitions.latest("id")
    assert move.actor_label == "Olga Operations"
    assert _told(visit, "appointment.cancelled") == {"patient", "doctor"}


def test_without_the_tick_the_patient_hears_nothing_and_the_history_says_so(
    desk: FrontDesk,
) -> None:
    visit = desk.clinic.book()

    desk.admin.post(url("appointment-cancel", visit.uid), {"reason": "x", "on_behalf_of": "clinic"})

    assert _told(visit, "appointment.cancelled") == {"doctor"}
    assert "The patient was not told." in words(desk.admin.get(url("appointment", visit.uid)))


@pytest.mark.parametrize("reason", ["", "   "])
def test_a_reason_is_required_and_what_was_typed_stays(desk: FrontDesk, reason: str) -> None:
    visit = desk.clinic.book()

    answer = desk.admin.post(
        url("appointment-cancel", visit.uid), {**CANCEL, "reason": reason, "message": "Sorry!"}
    )

    assert answer.status_code == 422
    assert "Say why." in words(answer)
    assert "Sorry!</textarea>" in answer.content.decode()
    assert fresh(visit).status == Status.CONFIRMED


def test_cancelling_is_not_bound_by_the_patients_notice(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    desk.at(START - MINUTE)

    desk.admin.post(url("appointment-cancel", visit.uid), CANCEL)

    assert fresh(visit).status == Status.CANCELLED


def test_a_hold_is_cancelled_with_a_reason_and_nobody_is_told(desk: FrontDesk) -> None:
    held = desk.clinic.hold()
    page = words(desk.admin.get(url("appointment-cancel", held.uid)))

    desk.admin.post(url("appointment-cancel", held.uid), CANCEL)

    assert "Nobody will be told." in page
    assert "Message to the patient" not in page
    assert fresh(held).status == Status.CANCELLED
    assert not Delivery.objects.exists()


def test_a_partner_who_tells_its_patients_leaves_nothing_to_tick(desk: FrontDesk) -> None:
    Shop.objects.update(partner_tells_patients=True)
    visit = desk.clinic.book()

    text = words(desk.admin.get(url("appointment-cancel", visit.uid)))

    assert "Tell the patient" not in text
    assert "paula@patients.example" not in text


def test_confirming_for_the_patient_books_the_held_time(desk: FrontDesk) -> None:
    held = desk.clinic.hold()
    page = words(desk.operations.get(url("appointment-confirm", held.uid)))

    desk.operations.post(url("appointment-confirm", held.uid), {"tell_patient": "on"})

    assert "hears that it is confirmed" in page
    assert fresh(held).status == Status.CONFIRMED
    assert _told(held, "appointment.confirmed") == {"patient", "doctor"}


def test_a_hold_that_ran_out_while_the_page_was_open_is_not_confirmed(desk: FrontDesk) -> None:
    held = desk.clinic.hold()
    desk.at(NOW + 15 * MINUTE)

    answer = desk.admin.post(url("appointment-confirm", held.uid), {"tell_patient": "on"})

    assert answer.status_code == 422
    assert "the hold ran out before it was confirmed" in words(answer)
    assert fresh(held).status == Status.HELD


@pytest.mark.parametrize(
    ("name", "outcome"), [("complete", Status.COMPLETED), ("no-show", Status.NO_SHOW)]
)
def test_the_outcome_is_told_after_the_start_and_can_be_corrected(
    desk: FrontDesk, name: str, outcome: Status
) -> None:
    visit = desk.clinic.book()
    other = {"complete": "no-show", "no-show": "complete"}[name]
    early = desk.admin.post(url(f"appointment-{name}", visit.uid))
    assert early.status_code == 422
    assert "has not started yet" in words(early)
    desk.at(START)

    desk.admin.post(url(f"appointment-{name}", visit.uid))
    assert fresh(visit).status == outcome

    desk.admin.post(url(f"appointment-{other}", visit.uid))
    assert fresh(visit).status != outcome
    assert fresh(visit).status in (Status.COMPLETED, Status.NO_SHOW)


def test_a_stale_form_says_what_happened_and_shows_the_present_state(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    desk.admin.get(url("appointment-cancel", visit.uid))
    lifecycle.cancel(visit, reason="Booked twice", actor=ADMIN, now=NOW + MINUTE)
    desk.at(NOW + 2 * MINUTE)

    answer = desk.operations.post(url("appointment-cancel", visit.uid), CANCEL)

    assert answer.status_code == 422
    assert (
        "This appointment is cancelled, by Ada Admin on Mon 1 Mar 2027, 09:01 (Europe/Berlin, CET)."
        in words(answer)
    )
    assert "Cancel appointment" not in words(answer)
    assert fresh(visit).cancellation_reason == "Booked twice"


def test_of_a_visit_that_was_moved_meanwhile_it_says_that(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    lifecycle.rebook(visit, starts_at=START + HOUR, actor=PATIENT, now=NOW)

    answer = desk.admin.post(url("appointment-cancel", visit.uid), CANCEL)

    assert "This appointment is moved to another time, by the patient" in words(answer)


def test_the_page_of_an_act_that_is_not_possible_shows_how_it_stands(desk: FrontDesk) -> None:
    visit = desk.clinic.book()

    text = words(desk.admin.get(url("appointment-confirm", visit.uid)))

    assert "This appointment is confirmed, by the patient" in text
    assert "Confirm appointment" not in text


def test_in_a_dialog_the_form_comes_alone_and_success_leads_to_the_page(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    htmx = {"HX-Request": "true"}

    form = desk.admin.get(url("appointment-cancel", visit.uid), headers=htmx)
    done = desk.admin.post(url("appointment-cancel", visit.uid), CANCEL, headers=htmx)

    assert "<html" not in form.content.decode()
    assert "Who will be told" in words(form)
    assert done.headers["HX-Redirect"] == url("appointment", visit.uid)


def test_a_get_changes_nothing(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    for name in ("confirm", "cancel", "complete", "no-show", "rebook", "book-again"):
        desk.admin.get(url(f"appointment-{name}", visit.uid), CANCEL)

    assert fresh(visit).updated_at == visit.updated_at


def test_a_doctor_may_not(desk: FrontDesk) -> None:
    visit = desk.clinic.book()
    doctor = desk.clinic.doctor
    doctor.user = make_user()
    doctor.save()

    answer = sign_in(doctor.user).post(url("appointment-cancel", visit.uid), CANCEL)

    assert answer.headers["Location"] == "/doctor/"
    assert fresh(visit).status == Status.CONFIRMED


def _told(visit: Appointment, kind: str) -> set[str]:
    rows = Delivery.objects.filter(about_uid=visit.uid, kind=kind)
    return set(rows.values_list("recipient_group", flat=True))
