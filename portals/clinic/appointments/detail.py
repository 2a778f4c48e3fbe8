"""The page of one appointment: its facts, its chain, what can be done, and what was said about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from django.db.models import Prefetch
from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from appointments import links
from appointments.events import REBOOKED
from appointments.models import Appointment, AppointmentTransition
from appointments.status import OVER, Status
from notifications.models import Delivery, DeliveryAttempt
from organisations import audit
from organisations.models import Organisation
from organisations.zones import zone_of_patient
from portals import visit_words as words
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import get_or_404, page
from reminders.log import Entry, reminder_log
from reminders.log import Message as ReminderMessage

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
    "PATIENT_DOCTOR_MEETING_UPDATED": "Meeting updated",
}


def find_visit(request: ClinicRequest, uid: str) -> Appointment:
    """The organisation's visit with everyone it names, or 404. One query."""
    rows = Appointment.objects.of(request.organisation).for_display()
    visit = get_or_404(rows.select_related("doctor__user"), uid=uid)
    visit.patient.organisation = (
        request.organisation
    )  # whose zone is the patient's, where none is known
    return visit


@dataclass(frozen=True, slots=True)
class Link:
    """Something that can be done, on a page of its own; `is_danger` ends the visit."""

    label: str
    url: str
    is_primary: bool = False
    is_danger: bool = False
    opens_dialog: bool = True


@dataclass(frozen=True, slots=True)
class Move:
    """A line of the history."""

    what: str
    who: str
    at: datetime
    reason: str
    note: str


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
class VisitPage:
    """What the template says. The lists are fetched when they are read."""

    visit: Appointment
    now: datetime

    @property
    def status(self) -> Status:
        return self.visit.status_at(self.now)

    @property
    def successor(self) -> Appointment | None:
        successor: Appointment | None = getattr(self.visit, "rebooked_to", None)
        return successor

    @property
    def patient_zone(self) -> str:
        return zone_of_patient(self.visit.patient)

    @property
    def is_too_close_to_move(self) -> bool:
        return self.status == Status.CONFIRMED and self.now > self.visit.rebookable_until

    @property
    def is_ahead(self) -> bool:
        return self.now < self.visit.starts_at

    @property
    def cancelled_by(self) -> str:
        return words.ACTORS.get(self.visit.cancelled_by, "")

    @property
    def patient_link(self) -> str:
        return links.manage_url(self.visit) if not self.visit.patient.erased_at else ""

    @cached_property
    def actions(self) -> list[Link]:
        return actions_of(self.visit, self.now)

    @cached_property
    def history(self) -> list[Move]:
        rows = AppointmentTransition.objects.filter(appointment=self.visit).order_by("-id")
        return [
            Move(words.what(row), words.who(row), row.at, _told_reason(row), row.note)
            for row in rows
        ]

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
    audit.record(
        request.organisation,
        "appointment.opened",
        actor=request.actor,
        now=request.now,
        object_uid=visit.uid,
    )
    context = {"page": VisitPage(visit, request.now), "visit": visit}
    return page(request, "portals/clinic/appointments/appointment.html", context)


def actions_of(visit: Appointment, now: datetime) -> list[Link]:
    """Only what the verbs would accept at `now`, the likeliest first."""
    status, has_begun = visit.status_at(now), now >= visit.starts_at
    can_be_moved = status == Status.CONFIRMED and now <= visit.rebookable_until
    was_moved = getattr(visit, "rebooked_to", None) is not None
    failed = status in (Status.CANCELLED, Status.EXPIRED, Status.NO_SHOW) and not was_moved
    outcome = has_begun and (status == Status.CONFIRMED or status in OVER)
    offers = (
        (status == Status.HELD, "confirm", "Confirm for the patient"),
        (outcome and status != Status.COMPLETED, "complete", "Mark as completed"),
        (outcome and status != Status.NO_SHOW, "no-show", "Mark as no-show"),
        (can_be_moved, "rebook", "Move to another time"),
        (failed and not visit.patient.erased_at, "book-again", "Book again"),
        (status in (Status.HELD, Status.CONFIRMED), "cancel", "Cancel"),
    )
    names = [(name, label) for is_offered, name, label in offers if is_offered]
    return [
        Link(
            label=label,
            url=reverse(f"clinic:appointment-{name}", args=[visit.uid]),
            is_primary=position == 0 and name != "cancel",
            is_danger=name == "cancel",
            opens_dialog=name not in ("rebook", "book-again"),
        )
        for position, (name, label) in enumerate(names)
    ]


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


def _told_reason(row: AppointmentTransition) -> str:
    """ "rebooked" is said by the line itself."""
    return "" if row.reason == REBOOKED else row.reason
