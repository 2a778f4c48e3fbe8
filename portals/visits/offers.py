"""What can be done about a visit at a moment: each on a page of its own, in the portal that asks."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from appointments.models import Appointment
from appointments.status import OVER, Status


@dataclass(frozen=True, slots=True)
class Link:
    """Something that can be done, on a page of its own; `is_danger` ends the visit."""

    label: str
    url: str
    is_primary: bool = False
    is_danger: bool = False
    opens_dialog: bool = True


def actions_of(visit: Appointment, now: datetime, *, portal: str) -> list[Link]:
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
            url=reverse(f"{portal}:appointment-{name}", args=[visit.uid]),
            is_primary=position == 0 and name != "cancel",
            is_danger=name == "cancel",
            opens_dialog=name not in ("rebook", "book-again"),
        )
        for position, (name, label) in enumerate(names)
    ]


def is_offered(visit: Appointment, name: str, now: datetime, *, portal: str) -> bool:
    url = reverse(f"{portal}:appointment-{name}", args=[visit.uid])
    return any(link.url == url for link in actions_of(visit, now, portal=portal))
