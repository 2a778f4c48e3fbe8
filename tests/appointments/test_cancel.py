"""Cancelling: reasons, messages, on whose behalf, and who is told."""

from typing import Any

import pytest

from appointments import lifecycle
from appointments.errors import Invalid
from appointments.events import representation
from appointments.models import Appointment
from appointments.status import Status
from notifications.models import Delivery, Event
from organisations.actors import Actor, ActorKind
from tests.factories import ADMIN, DOCTOR, NOW, PARTNER, PATIENT

from .clinic import START, Clinic

pytestmark = pytest.mark.django_db


def cancel(visit: Appointment, actor: Actor = ADMIN, **texts: object) -> Appointment:
    return lifecycle.cancel(visit, actor=actor, now=NOW, **texts)  # type: ignore[arg-type]  # passed through unread


@pytest.mark.parametrize("actor", [ADMIN, DOCTOR])
@pytest.mark.parametrize("reason", ["", "   ", "\n\t", "\u00a0"])
@pytest.mark.parametrize("is_held", [True, False])
def test_staff_owe_a_reason_and_blanks_are_none(
    clinic: Clinic, actor: Actor, reason: str, is_held: bool
) -> None:
    visit = clinic.hold() if is_held else clinic.book()

    with pytest.raises(Invalid) as invalid:
        cancel(visit, actor, reason=reason)

    assert invalid.value.field == "reason"


@pytest.mark.parametrize("actor", [PATIENT, PARTNER])
def test_patient_and_partner_need_not_say_why(clinic: Clinic, actor: Actor) -> None:
    cancelled = cancel(clinic.book(), actor)

    assert (cancelled.status, cancelled.cancellation_reason) == (Status.CANCELLED, "")


@pytest.mark.parametrize(
    ("field", "text"),
    [("reason", "x" * 501), ("message", "x" * 2001), ("on_behalf_of", "landlord")],
)
def test_texts_out_of_bounds_are_bad_input(clinic: Clinic, field: str, text: str) -> None:
    visit = clinic.book()
    texts: dict[str, Any] = {"reason": "Ill", field: text}

    with pytest.raises(Invalid) as invalid:
        cancel(visit, ADMIN, **texts)

    assert invalid.value.field == field
    visit.refresh_from_db()
    assert visit.status == Status.CONFIRMED


def test_what_was_said_is_kept_with_when_and_by_whom(clinic: Clinic) -> None:
    visit = clinic.book()

    cancel(visit, reason=" Doctor is ill ", message=" We are sorry. ", on_behalf_of="doctor")

    visit.refresh_from_db()
    assert visit.cancellation_reason == "Doctor is ill"
    assert visit.cancellation_message == "We are sorry."
    assert visit.cancelled_on_behalf_of == "doctor"
    assert (visit.cancelled_at, visit.cancelled_by) == (NOW, ActorKind.ADMIN)
    history = visit.transitions.last()
    assert history is not None
    assert (history.from_status, history.to_status) == (Status.CONFIRMED, Status.CANCELLED)
    assert (history.actor_uid, history.actor_label) == (ADMIN.uid, ADMIN.label)
    assert (history.reason, history.note) == ("Doctor is ill", "On behalf of the doctor.")


def test_the_calendar_entry_moves_on_by_one(clinic: Clinic) -> None:
    assert cancel(clinic.book(), PATIENT).invitation_sequence == 1


@pytest.mark.parametrize("actor", [ADMIN, DOCTOR])
def test_a_reason_given_by_staff_is_the_staffs(clinic: Clinic, actor: Actor) -> None:
    cancelled = cancel(clinic.book(), actor, reason="Suspected fraud", message="Please call us.")

    outside = representation(cancelled, now=NOW, shows_staff_reason=False)
    inside = representation(cancelled, now=NOW, shows_staff_reason=True)
    assert (outside["cancellation_reason"], outside["cancellation_message"]) == (
        None,
        "Please call us.",
    )
    assert inside["cancellation_reason"] == "Suspected fraud"
    told = Event.objects.get(subject_uid=cancelled.uid, data__status="cancelled")
    assert told.data["cancellation_reason"] is None
    assert "fraud" not in str(list(Delivery.objects.values()))


@pytest.mark.parametrize("actor", [PATIENT, PARTNER])
def test_a_reason_given_by_patient_or_partner_is_shown_to_both_sides(
    clinic: Clinic, actor: Actor
) -> None:
    cancelled = cancel(clinic.book(), actor, reason="On holiday")

    for shows_staff_reason in (True, False):
        shown = representation(cancelled, now=NOW, shows_staff_reason=shows_staff_reason)
        assert shown["cancellation_reason"] == "On holiday"


def test_patient_and_doctor_are_told_of_a_booked_visit(clinic: Clinic) -> None:
    visit = clinic.book()
    Delivery.objects.all().delete()

    cancel(visit, reason="Ill")

    told = Delivery.objects.filter(kind="appointment.cancelled", about_uid=visit.uid)
    assert set(told.values_list("recipient_group", flat=True)) == {"patient", "doctor"}


def test_a_silent_cancellation_tells_the_patient_nothing_and_stands_in_the_history(
    clinic: Clinic,
) -> None:
    visit = clinic.book()
    Delivery.objects.all().delete()

    cancel(visit, reason="Ill", on_behalf_of="clinic", tell_patient=False)

    assert list(Delivery.objects.values_list("recipient_group", flat=True)) == ["doctor"]
    history = visit.transitions.last()
    assert history is not None
    assert history.note == "On behalf of the clinic. The patient was not told."


def test_a_hold_is_let_go_without_telling_anyone(clinic: Clinic) -> None:
    held = clinic.hold()

    cancel(held, PATIENT)

    assert not Delivery.objects.exists()
    assert Event.objects.filter(data__status="cancelled", is_hold_event=True).count() == 1


def test_a_cancelled_time_is_free_again(clinic: Clinic) -> None:
    cancel(clinic.book(), PATIENT)

    assert clinic.hold(START).status == Status.HELD
