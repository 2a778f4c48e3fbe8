"""What every edit begins and ends with: the doctor's turn, the row as it is now, the audit entry."""

from datetime import datetime
from typing import TypeVar

from availability.errors import Stale
from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff
from organisations import audit
from organisations.actors import Actor
from organisations.models import Doctor

Row = TypeVar("Row", AvailabilityWindow, AvailabilityOverride, TimeOff)


def take_turn(doctor_id: int) -> Doctor:
    """Lock the doctor's row until the transaction ends; bookings, which only refer to it, go on."""
    doctors = Doctor.objects.select_related("organisation")
    return doctors.select_for_update(no_key=True, of=("self",)).get(pk=doctor_id)


def fresh(row: Row, expected: datetime | None) -> Row:
    """The row as stored now; Stale when it is gone or not what the editor saw. Take the turn first."""
    stored = type(row)._default_manager.filter(pk=row.pk).one_or_none()
    if stored is None or (expected is not None and stored.updated_at != expected):
        raise Stale("Somebody else has changed this in the meantime.")
    return stored


def record(
    doctor: Doctor, action: str, *, actor: Actor, now: datetime, **details: str | list[str]
) -> None:
    """Audited under the doctor's uid, so that the doctor's page can list it."""
    audit.record(
        doctor.organisation,
        action,
        actor=actor,
        now=now,
        object_uid=doctor.uid,
        details=dict(details),
    )
