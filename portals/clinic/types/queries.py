"""The appointment types of a clinic, and one of them with its doctors and reminders."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Func, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from appointments.models import AppointmentType, AppointmentTypeDoctor
from organisations.models import AuditEntry, Doctor, Organisation
from portals.lengths import length
from reminders.models import ReminderRule
from reminders.reach import Reach, reach_of

from .wording import GROUPS, Note, channels, notes


def types_of(organisation: Organisation) -> QuerySet[AppointmentType]:
    """Active ones first, each with `doctor_count` (active doctors) and `reminder_count`."""
    mine = OuterRef("pk")
    offers = AppointmentTypeDoctor.objects.filter(appointment_type=mine, doctor__is_active=True)
    rules = ReminderRule.objects.living().filter(appointment_type=mine)
    return (
        AppointmentType.objects.of(organisation)
        .annotate(doctor_count=_count(offers), reminder_count=_count(rules))
        .order_by("-is_active", "name", "uid")
    )


def _count(rows: "QuerySet[AppointmentTypeDoctor] | QuerySet[ReminderRule]") -> Coalesce:
    """As a subquery: two joins would multiply each other."""
    counted = rows.order_by().annotate(number=Func(F("pk"), function="COUNT")).values("number")
    return Coalesce(Subquery(counted), 0)


@dataclass(frozen=True, slots=True)
class RuleLine:
    rule: ReminderRule
    offset: str
    channels: str
    notes: Sequence[Note]


@dataclass(frozen=True, slots=True)
class Group:
    """The rules of one group, the earliest reminder first."""

    name: str
    label: str
    lines: Sequence[RuleLine]


def groups_of(kind: AppointmentType, *, now: datetime) -> list[Group]:
    """Five queries."""
    reach = reach_of(kind, now=now)
    rules = list(kind.reminder_rules.filter(deleted_at=None).order_by("-minutes_before"))
    return [
        Group(
            name,
            label,
            [_line(rule, reach) for rule in rules if rule.recipient_group == name],
        )
        for name, label in GROUPS.items()
    ]


def _line(rule: ReminderRule, reach: Reach) -> RuleLine:
    said = notes(
        reach, group=rule.recipient_group, send_email=rule.send_email, send_sms=rule.send_sms
    )
    return RuleLine(rule, length(rule.minutes_before), channels(rule), said)


def doctors_of(kind: AppointmentType) -> QuerySet[Doctor]:
    return kind.doctors.order_by("-is_active", "display_name", "uid")


def last_change(kind: AppointmentType) -> AuditEntry | None:
    """Of the type itself; reminders are audited under their own uids, tests of them are no change."""
    entries = AuditEntry.objects.of(kind.organisation).filter(object_uid=kind.uid)
    return entries.exclude(action="reminder.test_sent").order_by("-at", "-id").first()
