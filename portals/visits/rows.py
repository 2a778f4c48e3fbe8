"""A visit as one line of a table: what the list, the cancel page and its report say of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from appointments.models import Appointment, AppointmentType
from appointments.status import ACTIVE, Status
from common.clock import zone as zone_of
from common.local_time import zone_label
from organisations.models import Doctor, Patient
from portals.addresses import page_of

from .filters import name_of

_NEAR, _FAR = "%a %-d %b, %H:%M", "%a %-d %b %Y, %H:%M"  # the year only where it is another


@dataclass(frozen=True, slots=True)
class Row:
    """Ready to print, as of the request: hundreds of these are drawn, so the template only fills in."""

    visit: Appointment
    status: Status
    patient_name: str
    starts: str
    zone: str
    abbreviation: str
    doctors_time: str
    url: str
    patient_url: str
    moved_to_url: str
    moved_from_url: str

    @property
    def can_be_cancelled(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_held(self) -> bool:
        return self.status == Status.HELD


def lines(visits: Iterable[Appointment], *, portal: str, now: datetime, zone: str) -> list[Row]:
    """`portal` is the namespace its links lead into.

    Needs doctor, patient, type, `previous` and `rebooked_to` of each visit; asks nothing itself.
    """
    return [_line(visit, portal, now, zone) for visit in visits]


def _line(visit: Appointment, portal: str, now: datetime, zone: str) -> Row:
    local = visit.starts_at.astimezone(zone_of(zone))
    successor: Appointment | None = getattr(visit, "rebooked_to", None)
    label = zone_label(local, zone)
    return Row(
        visit=visit,
        status=visit.status_at(now),
        patient_name=name_of(visit.patient),
        starts=f"{local:{_NEAR if local.year == now.year else _FAR}}",
        zone=label,
        abbreviation=label.removeprefix(f"{zone}, "),
        doctors_time=elsewhere(local, visit.doctor.timezone),
        url=visit_url(visit, portal),
        patient_url=patient_url(visit.patient, portal),
        moved_to_url=_of_chain(visit, successor, portal),
        moved_from_url=_of_chain(visit, visit.previous, portal),
    )


def visit_url(visit: Appointment | None, portal: str) -> str:
    return page_of(f"{portal}:appointment", visit.uid) if visit else ""


def _of_chain(visit: Appointment, other: Appointment | None, portal: str) -> str:
    """A doctor has no page of a visit that went to a colleague."""
    is_open = portal == "clinic" or (other is not None and other.doctor_id == visit.doctor_id)
    return visit_url(other, portal) if is_open else ""


def patient_url(patient: Patient, portal: str) -> str:
    """The patient's page; "" in a portal that has none."""
    return page_of("clinic:patient", patient.uid) if portal == "clinic" else ""


def why_url(doctor: Doctor, kind: AppointmentType, now: datetime, portal: str) -> str:
    """Why the doctor has no slot of that type today; "" in a portal that has no such page."""
    if portal != "clinic":
        return ""
    today = now.astimezone(zone_of(doctor.timezone)).date()
    query = urlencode({"type": kind.uid, "date": today.isoformat()})
    return f"{page_of('clinic:doctor', doctor.uid)}?{query}"


def elsewhere(local: datetime, zone_name: str) -> str:
    """The time on a clock of that zone, or "" where it shows the same as here."""
    there = local.astimezone(zone_of(zone_name))
    if there.utcoffset() == local.utcoffset():
        return ""
    # Another date there is the one beside it: the weekday says which, and leaves the column narrow.
    pattern = "%H:%M" if there.date() == local.date() else "%a %H:%M"
    return f"{there.strftime(pattern)} {zone_label(there, zone_name)}"
