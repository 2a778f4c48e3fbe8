"""One clinic with one visit type, and the short ways in which the reminder tests speak of it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from notifications.models import Event
from organisations.models import Doctor, Membership, Organisation, Patient, Shop
from reminders import rules
from reminders.firing import fire_due
from reminders.models import AppointmentReminderSent, Outcome, ReminderRule
from tests.factories import (
    ADMIN,
    NOW,
    make_appointment,
    make_doctor,
    make_member,
    make_organisation,
    make_patient,
    make_shop,
    make_type,
)

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass
class World:
    organisation: Organisation = field(default_factory=make_organisation)

    @cached_property
    def shop(self) -> Shop:
        return make_shop(organisation=self.organisation)

    @cached_property
    def doctor(self) -> Doctor:
        return make_doctor(organisation=self.organisation, mobile_phone="+4915112345678")

    @cached_property
    def patient(self) -> Patient:
        return make_patient(
            shop=self.shop, phone="+4915187654321", timezone="Europe/Paris", language="fr"
        )

    @cached_property
    def type(self) -> AppointmentType:
        return make_type(organisation=self.organisation, doctors=[self.doctor])

    @cached_property
    def admin(self) -> Membership:
        return make_member(organisation=self.organisation)

    def rule(
        self,
        minutes_before: int = 60,
        group: str = "patient",
        *,
        now: datetime = NOW - 30 * DAY,
        send_email: bool = True,
        send_sms: bool = False,
        appointment_type: AppointmentType | None = None,
    ) -> ReminderRule:
        """Set up a month ago unless said otherwise, and swept since."""
        rule = rules.add_rule(
            appointment_type or self.type,
            recipient_group=group,
            minutes_before=minutes_before,
            send_email=send_email,
            send_sms=send_sms,
            actor=ADMIN,
            now=now,
        )
        ReminderRule.objects.filter(pk=rule.pk).update(is_sweep_wanted=False)
        return rule

    def visit(
        self,
        starts_at: datetime,
        *,
        confirmed_at: datetime = NOW - DAY,
        status: Status = Status.CONFIRMED,
        patient: Patient | None = None,
        doctor: Doctor | None = None,
        appointment_type: AppointmentType | None = None,
    ) -> Appointment:
        return make_appointment(
            patient=patient or self.patient,
            doctor=doctor or self.doctor,
            appointment_type=appointment_type or self.type,
            starts_at=starts_at,
            status=status,
            confirmed_at=confirmed_at,
        )


def tick(now: datetime) -> dict[str, int]:
    """One pass; only the outcomes that occurred."""
    return {outcome: count for outcome, count in fire_due(now).items() if count}


def tick_every_minute(start: datetime, end: datetime) -> list[datetime]:
    """Ticks from start to end, both included; the instants at which something fired."""
    fired = []
    while start <= end:
        if Outcome.FIRED in tick(start):
            fired.append(start)
        start += MINUTE
    return fired


def sent(outcome: str | None = None) -> list[AppointmentReminderSent]:
    rows = AppointmentReminderSent.objects.order_by("appointment", "rule", "recipient_uid")
    return list(rows.filter(outcome=outcome) if outcome else rows)


def published() -> list[Event]:
    return list(Event.objects.filter(event_type="APPOINTMENT_REMINDER_DUE").order_by("pk"))
