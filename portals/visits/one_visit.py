"""The page of one visit as every portal has it: how it stands, its chain, what can be done, its history."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from appointments import links
from appointments.events import REBOOKED
from appointments.models import Appointment, AppointmentQuerySet, AppointmentTransition
from appointments.status import Status
from organisations import audit
from organisations.zones import zone_of_patient
from portals import visit_words as words
from portals.rendering import get_or_404
from portals.requests import PortalRequest

from .offers import Link, actions_of


def find_among(rows: AppointmentQuerySet, request: PortalRequest, uid: str) -> Appointment:
    """The visit with everyone it names if it is one of `rows`, or 404. One query."""
    visit = get_or_404(rows.for_display().select_related("doctor__user"), uid=uid)
    visit.patient.organisation = (
        request.organisation
    )  # whose zone is the patient's, where none is known
    return visit


def record_opening(request: PortalRequest, visit: Appointment) -> None:
    audit.record(
        request.organisation,
        "appointment.opened",
        actor=request.actor,
        now=request.now,
        object_uid=visit.uid,
    )


@dataclass(frozen=True, slots=True)
class Move:
    """A line of the history."""

    what: str
    who: str
    at: datetime
    reason: str
    note: str


@dataclass(frozen=True)
class VisitPage:
    """What every portal says of it. The history is fetched when it is read."""

    visit: Appointment
    now: datetime
    portal: str

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
        return actions_of(self.visit, self.now, portal=self.portal)

    @cached_property
    def history(self) -> list[Move]:
        rows = AppointmentTransition.objects.filter(appointment=self.visit).order_by("-id")
        return [
            Move(words.what(row), words.who(row), row.at, _told_reason(row), row.note)
            for row in rows
        ]


def _told_reason(row: AppointmentTransition) -> str:
    """ "rebooked" is said by the line itself."""
    return "" if row.reason == REBOOKED else row.reason
