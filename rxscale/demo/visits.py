"""The demo's visits, made by the real verbs: the past is lived through in order, with `now` in the past.

Everything a pass of the manager would have done then (holds expire, visits complete, reminders fire and leave) is done
at its instant, so that history, reminder logs and mails read as they would in a clinic.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from random import Random
from zoneinfo import ZoneInfo

from appointments import lifecycle, slots
from appointments.errors import Refused
from appointments.models import Appointment, AppointmentType
from appointments.status import ACTIVE
from common.clock import from_epoch, to_epoch
from notifications import delivery
from organisations.actors import Actor, ActorKind
from organisations.models import Doctor
from reminders import firing

from .acts import PARTNER, as_doctor, as_patient
from .clinic import Clinic

PAST_DAYS = 14
EARLIER_DAYS = 28  # before those, a visit a day: charts go over weeks
BUSY = 6  # so many doctors of the cast; the others see a patient a day
DAYS_AHEAD = 14

Action = Callable[[datetime], None]


@dataclass
class Simulation:
    """A clock that jumps from action to action; actions may plan more."""

    end: datetime
    _queue: list[tuple[datetime, int, Action]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)
    _passes: set[tuple[datetime, Action]] = field(default_factory=set)

    def plan(self, at: datetime, action: Action) -> None:
        if at < self.end:
            heapq.heappush(self._queue, (at, next(self._numbers), action))

    def plan_pass(self, at: datetime, step: Action) -> None:
        """The manager's step in the first full minute from `at` on; one is enough for many."""
        minute = at.replace(second=0, microsecond=0) + timedelta(minutes=1)
        if (minute, step) not in self._passes:
            self._passes.add((minute, step))
            self.plan(minute, step)

    def run(self) -> None:
        while self._queue:
            at, _, action = heapq.heappop(self._queue)
            action(at)


def expire(at: datetime) -> None:
    lifecycle.expire_stale_holds(now=at)


def complete(at: datetime) -> None:
    lifecycle.complete_finished(now=at)


def remind(at: datetime) -> None:
    """And send what else has come together."""
    firing.fire_due(at)
    delivery.deliver_due(at)


def maintain(at: datetime) -> None:
    for step in (expire, complete, remind):
        step(at)


def live_through(clinic: Clinic, *, now: datetime) -> None:
    """Weeks of a clinic's life up to `now`, the last fortnight busy, with bookings up to a fortnight ahead."""
    story = _Story(clinic, Simulation(end=now), Random(clinic.plan.name))
    since = life_begins(now)
    for doctor, day in _days_lived(story, now):
        latest = min(_at(day, clinic) - timedelta(hours=2), now - timedelta(minutes=5))
        earliest = max(since, latest - timedelta(days=6))
        booked_at = earliest + (latest - earliest) * story.random.random()
        story.simulation.plan(booked_at, story.booking(doctor, day))
    story.simulation.run()
    maintain(now)
    story.hold_something(now)


def life_begins(now: datetime) -> datetime:
    return now - timedelta(days=PAST_DAYS + EARLIER_DAYS)


def _days_lived(story: "_Story", now: datetime) -> Iterator[tuple[Doctor, date]]:
    """Whose visit on which day is to be booked, in no order of booking."""
    clinic, busy = story.clinic, now - timedelta(days=PAST_DAYS)
    for doctor, day in _days(clinic, first=busy, days=PAST_DAYS + DAYS_AHEAD):
        yield from [(doctor, day)] * _visits_a_day(clinic, doctor)
    for number in range(1, EARLIER_DAYS):
        yield story.random.choice(clinic.doctors[:BUSY]), (busy - timedelta(days=number)).date()


def _visits_a_day(clinic: Clinic, doctor: Doctor) -> int:
    is_busy = doctor in clinic.doctors[:BUSY]
    return clinic.plan.visits_per_doctor_and_day if is_busy else 1


def top_up(clinic: Clinic, *, now: datetime) -> int:
    """Book, now, what today and the coming fortnight lack. Returns how many visits were added."""
    story = _Story(clinic, Simulation(end=now), Random(f"{clinic.plan.name} {now:%Y-%m-%d}"))
    added = 0
    for doctor, day in _days(clinic, first=now, days=DAYS_AHEAD):
        start = _at(day, clinic)
        taken = Appointment.objects.of(clinic.organisation).filter(
            doctor=doctor,
            status__in=ACTIVE,
            starts_at__gte=start,
            starts_at__lt=start + timedelta(days=1),
        )
        for _ in range(_visits_a_day(clinic, doctor) - taken.count()):
            added += story.book(doctor, day, now) is not None
    story.hold_something(now)
    return added


@dataclass
class _Story:
    clinic: Clinic
    simulation: Simulation
    random: Random

    def booking(self, doctor: Doctor, day: date) -> Action:
        return lambda at: self._book_and_go_on(doctor, day, at)

    def book(self, doctor: Doctor, day: date, at: datetime) -> Appointment | None:
        """Hold and confirm one free slot of that day, as a patient; None when none was to be had."""
        held = self._hold(doctor, day, at)
        if held is None:
            return None
        try:
            return lifecycle.confirm(held, actor=as_patient(held.patient), now=at)
        except Refused:
            return None

    def hold_something(self, now: datetime) -> None:
        """Two patients are choosing right now: their holds run out while somebody looks."""
        tomorrow = now.astimezone(ZoneInfo(self.clinic.organisation.timezone)).date()
        for doctor in self.clinic.doctors[:2]:
            self._hold(doctor, tomorrow + timedelta(days=1), now)

    def _hold(self, doctor: Doctor, day: date, at: datetime) -> Appointment | None:
        kind: AppointmentType = self.random.choice(self.clinic.types)
        start = to_epoch(_at(day, self.clinic))
        # Nobody books a visit at four in the morning, although one doctor works around the clock.
        free = slots.bookable(
            kind, start=start + 7 * 3600, end=start + 22 * 3600, now=at, doctor=doctor
        )
        if not free:
            return None
        patient = self.random.choice(self.clinic.patients)
        try:
            return lifecycle.hold(
                patient=patient,
                appointment_type=kind,
                starts_at=from_epoch(self.random.choice(free).starts_at),
                doctor=doctor,
                actor=as_patient(patient),
                now=at,
            )
        except Refused:
            return None

    def _book_and_go_on(self, doctor: Doctor, day: date, at: datetime) -> None:
        if self.random.random() < 0.06:  # a patient who did not come back in time
            held = self._hold(doctor, day, at)
            if held is not None:
                self.simulation.plan_pass(at + timedelta(minutes=15), expire)
            return
        visit = self.book(doctor, day, at)
        if visit is not None:
            self._plan_outcome(visit, at)

    def _plan_outcome(self, visit: Appointment, at: datetime) -> None:
        rules = visit.appointment_type.reminder_rules.filter(deleted_at=None)
        for minutes in {rule.minutes_before for rule in rules}:
            self.simulation.plan_pass(visit.starts_at - timedelta(minutes=minutes), remind)
        ahead = visit.starts_at - at
        before = at + ahead * self.random.uniform(0.1, 0.6)
        after = visit.ends_at + timedelta(minutes=self.random.randint(1, 20))
        chance = self.random.random()
        if chance < 0.14:
            self.simulation.plan(before, lambda now: self._cancel(visit, now))
        elif chance < 0.22:
            self.simulation.plan(before, lambda now: self._move(visit, now))
        elif chance < 0.30:
            self.simulation.plan(after, lambda now: _staff_says(lifecycle.mark_no_show, visit, now))
        elif chance < 0.75:
            self.simulation.plan(after, lambda now: _staff_says(lifecycle.complete, visit, now))
        else:  # nobody says anything: the manager completes it an hour after its end
            self.simulation.plan_pass(visit.ends_at + timedelta(minutes=60), complete)

    def _cancel(self, visit: Appointment, now: datetime) -> None:
        actor, reason, message = self.random.choice(
            (
                (as_patient(visit.patient), "", ""),
                (PARTNER, "Order cancelled", ""),
                (
                    Actor(ActorKind.ADMIN, label=self.clinic.plan.admin_name),
                    "Patient called: cannot make it",
                    "We cancelled your visit as you asked. Book again whenever it suits you.",
                ),
                (
                    as_doctor(visit.doctor),
                    "Doctor is ill",
                    "I am sorry, I have to cancel our visit. Please choose another time.",
                ),
            )
        )
        _quietly(
            lambda: lifecycle.cancel(visit, reason=reason, message=message, actor=actor, now=now)
        )

    def _move(self, visit: Appointment, now: datetime) -> None:
        later = _hold_free(visit.appointment_type, visit, now, self.random)
        if later is None:
            return
        moved: list[Appointment] = []
        _quietly(
            lambda: moved.append(
                lifecycle.rebook(visit, starts_at=later, actor=as_patient(visit.patient), now=now)
            )
        )
        for new in moved:
            self._plan_outcome(new, now)


def _hold_free(
    kind: AppointmentType, visit: Appointment, now: datetime, random: Random
) -> datetime | None:
    start = to_epoch(visit.starts_at) + 86_400
    free = slots.bookable(
        kind, start=start, end=start + 2 * 86_400, now=now, doctor=visit.doctor, leaving_out=visit
    )
    return from_epoch(random.choice(free).starts_at) if free else None


def _staff_says(verb: Callable[..., Appointment], visit: Appointment, now: datetime) -> None:
    _quietly(lambda: verb(visit, actor=as_doctor(visit.doctor), now=now))


def _quietly(act: Callable[[], object]) -> None:
    """Lives go on: a visit that was moved meanwhile is not cancelled, and so on."""
    try:
        act()
    except Refused:
        return


def _days(clinic: Clinic, *, first: datetime, days: int) -> Iterator[tuple[Doctor, date]]:
    zone = ZoneInfo(clinic.organisation.timezone)
    start = first.astimezone(zone).date()
    for offset in range(days + 1):
        for doctor in clinic.doctors:
            yield doctor, start + timedelta(days=offset)


def _at(day: date, clinic: Clinic) -> datetime:
    return datetime.combine(day, time(0), ZoneInfo(clinic.organisation.timezone))
