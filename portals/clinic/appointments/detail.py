"""The page of one appointment: its facts, its chain, what can be done, and what was said about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch
from django.http import HttpResponse
from django.views.decorators.http import require_safe

from appointments.models import Appointment
from notifications.models import Delivery, DeliveryAttempt
from organisations.models import Organisation
from portals import visit_words as words
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import page
from portals.visits.one_visit import VisitPage, find_among, record_opening
from reminders.log import Entry, reminder_log
from reminders.log import Message as ReminderMessage

PORTAL = "clinic"
MOST_DELIVERIES = 100
_KINDS = {
    "appointment.confirmed": "Confirmation",
    "appointment.moved": "Moved",
    "appointment.cancelled": "Cancellation",
    "appointment.handed_over": "Handed over",
    "appointment.reminder": "Reminder",
}
_EVENTS = {
    "APPOINTMENT_REMINDER_DUE": "Reminder due",
    "PATIENT_DOCTOR_MEETING_UPDATED": "Appointment changed",
}


def find_visit(request: ClinicRequest, uid: str) -> Appointment:
    """The organisation's visit, or 404."""
    return find_among(Appointment.objects.of(request.organisation), request, uid)


@dataclass(frozen=True, slots=True)
class Reminder:
    """A line of the reminder log; its messages as (channel, message)."""

    entry: Entry
    before: str
    messages: Sequence[tuple[str, ReminderMessage]]


@dataclass(frozen=True, slots=True)
class Message:
    """A webhook, e-mail or SMS about the visit, and every attempt to get it through."""

    delivery: Delivery
    channel: str
    what: str
    to: str
    attempts: Sequence[DeliveryAttempt]


@dataclass(frozen=True)
class AppointmentPage(VisitPage):
    """With what the office sees besides: reminders, and everything that was sent."""

    @cached_property
    def reminders(self) -> list[Reminder]:
        entries = reminder_log(self.visit, self.now)
        return [
            Reminder(
                entry,
                words.before(entry.minutes_before),
                [(words.CHANNELS[message.channel], message) for message in entry.messages],
            )
            for entry in entries
        ]

    @cached_property
    def messages(self) -> list[Message]:
        return messages_about(self.visit.organisation, self.visit)


@clinic_page(Right.VIEW)
@require_safe
def appointment(request: ClinicRequest, uid: str) -> HttpResponse:
    """The page; opening it is audited."""
    visit = find_visit(request, uid)
    record_opening(request, visit)
    context = {"page": AppointmentPage(visit, request.now, PORTAL), "visit": visit}
    return page(request, "portals/clinic/appointments/appointment.html", context)


def messages_about(organisation: Organisation, visit: Appointment) -> list[Message]:
    """Newest first, with their attempts. Two queries."""
    attempts = DeliveryAttempt.objects.order_by("number")
    rows = (
        Delivery.objects.of(organisation)
        .filter(about_uid=visit.uid)
        .select_related("event", "subscription")
        .prefetch_related(Prefetch("attempts", queryset=attempts))
        .order_by("-pk")[:MOST_DELIVERIES]
    )
    return [_message(row, visit) for row in rows]


def _message(row: Delivery, visit: Appointment) -> Message:
    attempts, channel = list(row.attempts.all()), words.CHANNELS[row.channel]
    if row.subscription and row.event:
        what = _EVENTS.get(row.event.event_type, row.event.event_type)
        return Message(row, channel, what, row.subscription.target, attempts)
    names = {
        visit.patient.uid: visit.patient.display_name,
        visit.doctor.uid: visit.doctor.display_name,
    }
    name = names.get(row.recipient_uid, row.recipient_group)
    to = " · ".join(part for part in (name, row.address) if part)
    return Message(row, channel, _KINDS.get(row.kind, row.kind), to, attempts)
