"""An appointment in plain words: states, history, and why something was not done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from appointments import notices
from appointments.errors import Refused
from appointments.events import REBOOKED
from appointments.models import Appointment, AppointmentTransition
from appointments.notices import Recipient
from appointments.status import Status
from common.local_time import in_short
from notifications.models import Channel
from organisations.actors import ActorKind

ACTORS: Mapping[str, str] = {
    ActorKind.PATIENT: "the patient",
    ActorKind.PARTNER: "the partner’s system",
    ActorKind.ADMIN: "an admin",
    ActorKind.DOCTOR: "the doctor",
    ActorKind.SYSTEM: "the system",
    ActorKind.STAFF: "the RxScale team",
}
CHANNELS: Mapping[str, str] = {
    Channel.WEBHOOK: "Webhook",
    Channel.EMAIL: "E-mail",
    Channel.SMS: "SMS",
}
_STATES: Mapping[str, str] = {
    Status.HELD: "held, not confirmed yet",
    Status.CONFIRMED: "confirmed",
    Status.CANCELLED: "cancelled",
    Status.EXPIRED: "expired: the hold ran out before it was confirmed",
    Status.COMPLETED: "completed",
    Status.NO_SHOW: "marked as a no-show",
}
_NEWS: Mapping[str, str] = {
    notices.CONFIRMED: "hears that it is confirmed",
    notices.MOVED: "hears the new time",
    notices.CANCELLED: "hears that it is cancelled",
    notices.HANDED_OVER: "hears that it is cancelled with them",
}
_UNAVAILABLE: Mapping[str, str] = {
    "not_offered": "This doctor does not offer this appointment type, or bookings are closed.",
    "stopped": "New bookings with this doctor are stopped.",
    "notice": "This time is too soon: the appointment type asks for more notice.",
    "horizon": "This time is too far ahead for this appointment type.",
    "time_off": "The doctor has time off then.",
    "outside_hours": "This is outside the doctor’s hours.",
    "off_grid": "No visit starts at this time. Choose one from the list.",
    "unchanged": "The appointment is at this time already. Choose another one.",
}


def refusal(refused: Refused, visit: Appointment | None, *, zone: str, now: datetime) -> str:
    """Why it was not done. For a visit that somebody else changed meanwhile: what became of it."""
    if refused.code == "slot_unavailable":
        return _UNAVAILABLE.get(str(refused.details.get("reason")), refused.message)
    if visit is not None and refused.code in ("wrong_status", "hold_expired"):
        fresh = Appointment.objects.for_display().get(pk=visit.pk)
        return present_state(fresh, zone=zone, now=now)
    if refused.code == "slot_taken":
        return "This time has just been taken. Choose another one; the list below is fresh."
    if refused.code == "rebooking_notice_passed":
        return "It is too close to move; cancel and book again."
    return refused.message


def present_state(visit: Appointment, *, zone: str, now: datetime) -> str:
    """E.g. `This appointment is cancelled, by Ada Admin on Mon 1 Mar 2027, 09:00 (Europe/Berlin, CET).` One query."""
    status = visit.status_at(now)
    if status == Status.CANCELLED and getattr(visit, "rebooked_to", None):
        state = "moved to another time"
    else:
        state = _STATES[status]
    last = visit.transitions.order_by("-id").first()
    if last is None or status != visit.status:
        return f"This appointment is {state}."
    return f"This appointment is {state}, by {who(last)} on {in_short(last.at, zone)}."


def who(move: AppointmentTransition) -> str:
    """The person's or key's name; for a patient, whom the page names anyway, just that."""
    if move.actor_kind in (ActorKind.PATIENT, ActorKind.SYSTEM) or not move.actor_label:
        return ACTORS.get(move.actor_kind, move.actor_kind)
    return move.actor_label


def what(move: AppointmentTransition) -> str:
    """One move of the history as a person would say it."""
    if move.from_status == move.to_status:
        return "Booked again"
    if move.reason == REBOOKED:
        return "Moved here from another time" if not move.from_status else "Moved to another time"
    if not move.from_status and move.to_status == Status.CONFIRMED:
        return "Booked"
    return {
        Status.HELD: "Time held",
        Status.CONFIRMED: "Confirmed",
        Status.CANCELLED: "Cancelled",
        Status.EXPIRED: "The hold ran out",
        Status.COMPLETED: "Completed",
        Status.NO_SHOW: "Marked as a no-show",
    }[Status(move.to_status)]


@dataclass(frozen=True, slots=True)
class Told:
    """One person who will get an e-mail, and what it says; with `skip_reason` it will not leave."""

    name: str
    address: str
    what: str
    skip_reason: str


def told(recipients: Iterable[Recipient]) -> list[Told]:
    return [
        Told(
            name=recipient.name or recipient.group,
            address=recipient.address,
            what=_NEWS[recipient.kind],
            skip_reason=recipient.skip_reason,
        )
        for recipient in recipients
    ]


def before(minutes: int) -> str:
    """An offset before the start: `2 d before`, `1 h 30 min before`."""
    days, rest = divmod(minutes, 1440)
    hours, minutes = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) + " before"
