"""Completed and no-show: by staff after the start, by the manager an hour after the end."""

from datetime import timedelta

import pytest

from appointments import lifecycle
from appointments.status import Status
from notifications.models import Delivery, Event
from organisations.actors import ActorKind
from tests.factories import ADMIN, DOCTOR, PATIENT

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db

END = START + 30 * MINUTE
FINISHED = END + HOUR


@pytest.fixture
def clinic() -> Clinic:
    return make_clinic()


def test_the_manager_completes_a_visit_an_hour_after_its_end_and_says_so(clinic: Clinic) -> None:
    visit = clinic.book()
    assert lifecycle.complete_finished(now=FINISHED - timedelta(microseconds=1)) == 0

    assert lifecycle.complete_finished(now=FINISHED) == 1

    visit.refresh_from_db()
    assert (visit.status, visit.status_changed_by) == (Status.COMPLETED, ActorKind.SYSTEM)
    assert visit.was_completed_automatically
    event = Event.objects.get(subject_uid=visit.uid, data__status="completed")
    assert (event.data["status_changed_by"], event.data["previous_status"]) == (
        "system",
        "confirmed",
    )
    assert not event.is_hold_event


def test_the_delay_is_a_setting(clinic: Clinic, settings: object) -> None:
    settings.COMPLETE_AFTER = timedelta(minutes=5)  # type: ignore[attr-defined]  # pytest-django's
    clinic.book()

    assert lifecycle.complete_finished(now=END + 5 * MINUTE) == 1


def test_it_leaves_alone_what_staff_have_spoken_about(clinic: Clinic) -> None:
    missed = clinic.book(START)
    cancelled = clinic.book(START + HOUR)
    lifecycle.mark_no_show(missed, actor=DOCTOR, now=START)
    lifecycle.cancel(cancelled, actor=ADMIN, reason="Ill", now=START)

    assert lifecycle.complete_finished(now=FINISHED + HOUR) == 0


def test_more_than_a_batch_is_done_in_batches(clinic: Clinic) -> None:
    for n in range(3):
        clinic.book(START + n * HOUR)

    assert lifecycle.complete_finished(now=FINISHED + 3 * HOUR, limit=2) == 3


def test_staff_correct_what_the_manager_assumed_and_themselves(clinic: Clinic) -> None:
    visit = clinic.book()
    lifecycle.complete_finished(now=FINISHED)

    missed = lifecycle.mark_no_show(visit, actor=DOCTOR, now=FINISHED)
    assert (missed.status, missed.was_completed_automatically) == (Status.NO_SHOW, False)
    done = lifecycle.complete(visit, actor=ADMIN, now=FINISHED)

    assert (done.status, done.was_completed_automatically) == (Status.COMPLETED, False)
    assert [each.to_status for each in visit.transitions.all()] == [
        Status.HELD,
        Status.CONFIRMED,
        Status.COMPLETED,
        Status.NO_SHOW,
        Status.COMPLETED,
    ]


def test_nobody_is_mailed_about_it(clinic: Clinic) -> None:
    visit = clinic.book()
    Delivery.objects.all().delete()

    lifecycle.complete(visit, actor=DOCTOR, now=START)

    assert not Delivery.objects.exists()


def test_events_of_one_visit_rise_even_within_one_second(clinic: Clinic) -> None:
    """The triple of type, timestamp and uid is how receivers drop repeats."""
    visit = clinic.book()
    lifecycle.complete(visit, actor=DOCTOR, now=START)
    lifecycle.mark_no_show(visit, actor=DOCTOR, now=START)
    lifecycle.complete(visit, actor=DOCTOR, now=START - MINUTE + MINUTE)

    stamps = list(Event.objects.order_by("id").values_list("timestamp", flat=True))
    assert stamps == sorted(set(stamps))
    assert len(stamps) == 5


def test_a_clock_that_was_set_back_does_not_make_events_fall(clinic: Clinic) -> None:
    held = clinic.hold(now=START - HOUR)
    lifecycle.confirm(held, actor=PATIENT, now=START - 2 * HOUR)

    first, second = Event.objects.order_by("id").values_list("timestamp", flat=True)
    assert second == first + 1
