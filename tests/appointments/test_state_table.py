"""The table of the contract (section 3): every verb from every state by every actor, and its borders."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from appointments import lifecycle
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentTransition
from appointments.status import Status
from notifications.models import Delivery, Event
from organisations.actors import Actor
from tests.factories import ADMIN, DOCTOR, NOW, PARTNER, PATIENT

from .clinic import HOUR, MINUTE, START, Clinic, make_clinic

pytestmark = pytest.mark.django_db

# The visit starts at START; notices are one hour; a hold runs out 15 minutes after NOW.
RUN_OUT = NOW + 15 * MINUTE
EARLY, STARTED = NOW, START
TICK = timedelta(microseconds=1)
EVERYBODY = (PATIENT, PARTNER, ADMIN, DOCTOR)
STAFF = (ADMIN, DOCTOR)

HELD, HELD_RUN_OUT, CONFIRMED = "held", "held, run out", "confirmed"
CANCELLED, EXPIRED, COMPLETED, NO_SHOW = "cancelled", "expired", "completed", "no_show"
STATES = (HELD, HELD_RUN_OUT, CONFIRMED, CANCELLED, EXPIRED, COMPLETED, NO_SHOW)

Verb = Callable[[Appointment, Actor, datetime], Appointment]


def confirm(visit: Appointment, actor: Actor, now: datetime) -> Appointment:
    return lifecycle.confirm(visit, actor=actor, now=now)


def cancel(visit: Appointment, actor: Actor, now: datetime) -> Appointment:
    return lifecycle.cancel(visit, reason="Ill", actor=actor, now=now)


def rebook(visit: Appointment, actor: Actor, now: datetime) -> Appointment:
    return lifecycle.rebook(visit, starts_at=START + 24 * HOUR, actor=actor, now=now)


def complete(visit: Appointment, actor: Actor, now: datetime) -> Appointment:
    return lifecycle.complete(visit, actor=actor, now=now)


def no_show(visit: Appointment, actor: Actor, now: datetime) -> Appointment:
    return lifecycle.mark_no_show(visit, actor=actor, now=now)


def visit_in(state: str, clinic: Clinic) -> Appointment:
    """A visit brought into that state through the verbs."""
    if state in (HELD, HELD_RUN_OUT):
        return clinic.hold()
    if state == EXPIRED:
        held = clinic.hold(now=NOW - HOUR)
        lifecycle.expire_stale_holds(now=NOW)
        return held
    booked = clinic.book()
    if state == CANCELLED:
        return cancel(booked, PATIENT, NOW)
    if state == COMPLETED:
        return complete(booked, DOCTOR, STARTED)
    if state == NO_SHOW:
        return no_show(booked, DOCTOR, STARTED)
    return booked


# (verb, its actors, what each state answers): a status is success, anything else a refusal's code.
WRONG = "wrong_status"
TABLE: tuple[tuple[Verb, tuple[Actor, ...], dict[str, str]], ...] = (
    (
        confirm,
        EVERYBODY,
        {
            HELD: CONFIRMED,
            HELD_RUN_OUT: "hold_expired",
            CONFIRMED: CONFIRMED,
            EXPIRED: "hold_expired",
        },
    ),
    (cancel, EVERYBODY, {HELD: CANCELLED, CONFIRMED: CANCELLED}),
    (rebook, EVERYBODY, {CONFIRMED: CONFIRMED}),
    (complete, STAFF, {CONFIRMED: COMPLETED, COMPLETED: COMPLETED, NO_SHOW: COMPLETED}),
    (no_show, STAFF, {CONFIRMED: NO_SHOW, COMPLETED: NO_SHOW, NO_SHOW: NO_SHOW}),
)
ROWS = [
    pytest.param(
        verb, actor, state, answers.get(state, WRONG), id=f"{verb.__name__}-{actor.kind}-{state}"
    )
    for verb, actors, answers in TABLE
    for actor in actors
    for state in STATES
]


def moment_of(verb: Verb, state: str) -> datetime:
    if state == HELD_RUN_OUT:
        return RUN_OUT
    return STARTED if verb in (complete, no_show) and state != HELD else EARLY


@pytest.mark.parametrize(("verb", "actor", "state", "answer"), ROWS)
def test_each_cell_of_the_table(verb: Verb, actor: Actor, state: str, answer: str) -> None:
    visit = visit_in(state, make_clinic())
    before = Appointment.objects.values().get(pk=visit.pk)
    now = moment_of(verb, state)

    if answer in Status.values:
        assert verb(visit, actor, now).status == answer
        return
    with pytest.raises(Refused) as refused:
        verb(visit, actor, now)

    assert refused.value.code == answer
    if answer == WRONG:
        status_now = EXPIRED if state == HELD_RUN_OUT else state
        assert refused.value.details == {"status": status_now, "rebooked_to_uid": None}
    assert Appointment.objects.values().get(pk=visit.pk) == before


@pytest.mark.parametrize(
    ("state", "verb", "now"),
    [(CONFIRMED, confirm, EARLY), (COMPLETED, complete, STARTED), (NO_SHOW, no_show, STARTED)],
)
def test_the_same_move_again_answers_the_same_and_writes_nothing(
    state: str, verb: Verb, now: datetime
) -> None:
    visit = visit_in(state, make_clinic())

    def written() -> list[object]:
        tables = (Appointment, AppointmentTransition, Event, Delivery)
        return [list(table.objects.order_by("pk").values()) for table in tables]

    before = written()

    assert verb(visit, DOCTOR, now + MINUTE).status == visit.status
    assert written() == before


@pytest.mark.parametrize("verb", [complete, no_show])
@pytest.mark.parametrize("actor", [PATIENT, PARTNER])
def test_patient_and_partner_do_not_say_what_became_of_a_visit(verb: Verb, actor: Actor) -> None:
    visit = visit_in(CONFIRMED, make_clinic())

    with pytest.raises(ValueError, match="does not say"):
        verb(visit, actor, STARTED)


class TestBorders:
    def test_a_hold_is_over_at_the_instant_it_expires(self) -> None:
        clinic = make_clinic()
        first, second = clinic.hold(START), clinic.hold(START + HOUR)

        assert confirm(first, PATIENT, RUN_OUT - TICK).status == Status.CONFIRMED
        with pytest.raises(Refused, match="hold_expired"):
            confirm(second, PATIENT, RUN_OUT)

    @pytest.mark.parametrize("actor", [PATIENT, PARTNER])
    def test_a_patient_or_partner_cancels_up_to_the_notice_and_not_after(
        self, actor: Actor
    ) -> None:
        clinic = make_clinic()
        first, second = clinic.book(START), clinic.book(START + HOUR)

        assert cancel(first, actor, START - HOUR).status == Status.CANCELLED
        with pytest.raises(Refused, match="cancellation_notice_passed"):
            cancel(second, actor, START + TICK)

    @pytest.mark.parametrize("actor", STAFF)
    def test_staff_cancel_at_any_time(self, actor: Actor) -> None:
        visit = make_clinic().book()

        assert cancel(visit, actor, START + 10 * MINUTE).status == Status.CANCELLED

    def test_a_hold_is_let_go_without_notice(self) -> None:
        held = make_clinic().hold(START, now=START - 20 * MINUTE)

        assert cancel(held, PATIENT, START - 19 * MINUTE).status == Status.CANCELLED

    @pytest.mark.parametrize("actor", EVERYBODY)
    def test_everybody_rebooks_up_to_the_notice_and_not_after(self, actor: Actor) -> None:
        clinic = make_clinic()
        first, second = clinic.book(START), clinic.book(START + HOUR)

        assert rebook(first, actor, START - HOUR).status == Status.CONFIRMED
        with pytest.raises(Refused, match="rebooking_notice_passed"):
            rebook(second, actor, START + TICK)

    @pytest.mark.parametrize("verb", [complete, no_show])
    def test_a_visit_has_started_at_its_start(self, verb: Verb) -> None:
        visit = make_clinic().book()

        with pytest.raises(Refused, match="not_started"):
            verb(visit, DOCTOR, START - TICK)
        assert verb(visit, DOCTOR, START).status in (Status.COMPLETED, Status.NO_SHOW)
