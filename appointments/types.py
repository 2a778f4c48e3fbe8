"""Appointment types: added, changed, removed. Booked visits keep the rules they were stamped with."""

from collections.abc import Collection, Mapping
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from common.retrying import sqlstate
from common.texts import is_storable
from organisations import audit, inputs
from organisations.actors import Actor
from organisations.models import Doctor

from .errors import Invalid
from .models import Appointment, AppointmentType, AppointmentTypeDoctor, RebookingMode

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 2000
_FOREIGN_KEY_VIOLATION = "23503"


def add_type(
    kind: AppointmentType, *, doctors: Collection[Doctor] = (), actor: Actor, now: datetime
) -> AppointmentType:
    """Store a new type, offered by these doctors of its organisation. Audited.

    Without `slot_interval_minutes` starts lie a duration apart. Raises Invalid.
    """
    interval: int | None = kind.slot_interval_minutes
    kind.slot_interval_minutes = kind.duration_minutes if interval is None else interval
    _check(kind)
    with transaction.atomic():
        kind.save(force_insert=True)
        _offer_by(kind, doctors)
        _audit(kind, "created", actor, now)
    return kind


def change_type(
    kind: AppointmentType,
    changes: Mapping[str, object],
    *,
    doctors: Collection[Doctor] | None = None,
    actor: Actor,
    now: datetime,
) -> AppointmentType:
    """Set the columns that are given, and who offers it; returns the fresh type. Audited.

    Bookings from now on obey them. What is the same already is not written. Raises Invalid.
    """
    with transaction.atomic():
        rows = AppointmentType.objects.select_related("organisation")
        fresh = rows.select_for_update(no_key=True, of=("self",)).get(pk=kind.pk)
        before = {name: getattr(fresh, name) for name in changes}
        for name, value in changes.items():
            setattr(fresh, name, value)
        _check(fresh)
        changed = [name for name in changes if getattr(fresh, name) != before[name]]
        if changed:
            fresh.save(update_fields=[*changed, "updated_at"])
        if doctors is not None and _offer_by(fresh, doctors):
            changed.append("doctors")
        if changed:
            _audit(fresh, "changed", actor, now, fields=sorted(changed))
    return fresh


def remove_type(kind: AppointmentType, *, actor: Actor, now: datetime) -> AppointmentType | None:
    """Delete a type that was never booked, its reminders with it (None); deactivate any other.

    Audited; a type that is inactive already stays as it is.
    """
    try:
        with transaction.atomic():
            if not Appointment.objects.filter(appointment_type=kind).exists():
                _audit(kind, "deleted", actor, now)
                AppointmentType.objects.filter(pk=kind.pk).delete()
                return None
    except IntegrityError as error:
        if not isinstance(error, ProtectedError) and sqlstate(error) != _FOREIGN_KEY_VIOLATION:
            raise
        # Somebody held a time of it just now: it has been booked after all.
    with transaction.atomic():
        if AppointmentType.objects.filter(pk=kind.pk, is_active=True).update(is_active=False):
            _audit(kind, "deactivated", actor, now)
    kind.is_active = False
    return kind


def _check(kind: AppointmentType) -> None:
    """Name and description are brought into the form they are stored in."""
    kind.name = inputs.required_name("name", kind.name, longest=LONGEST_NAME)
    kind.description = kind.description.strip()
    if len(kind.description) > LONGEST_DESCRIPTION or not is_storable(kind.description):
        raise Invalid("description", f"Use at most {LONGEST_DESCRIPTION} characters.")
    for name, least, most in AppointmentType.BOUNDS:
        given = getattr(kind, name)
        # bool is an int to Python, but "true minutes" is a mistake of the caller's
        if type(given) is not int or not least <= given <= most:
            raise Invalid(name, f"Enter a whole number from {least} to {most}.")
    if kind.rebooking_mode not in RebookingMode.values:
        raise Invalid("rebooking_mode", f"One of {', '.join(RebookingMode.values)}.")


def _offer_by(kind: AppointmentType, doctors: Collection[Doctor]) -> bool:
    """Exactly these doctors offer the type from now on; whether that changed anything."""
    if any(doctor.organisation_id != kind.organisation_id for doctor in doctors):
        raise Invalid("doctor_uids", "There is no such doctor.")
    wanted = {doctor.pk for doctor in doctors}
    known = set(kind.offers.values_list("doctor_id", flat=True))
    kind.offers.filter(doctor_id__in=known - wanted).delete()
    AppointmentTypeDoctor.objects.bulk_create(
        AppointmentTypeDoctor(
            organisation_id=kind.organisation_id, appointment_type=kind, doctor_id=doctor_id
        )
        for doctor_id in sorted(wanted - known)
    )
    return wanted != known


def _audit(
    kind: AppointmentType,
    act: str,
    actor: Actor,
    now: datetime,
    *,
    fields: list[str] | None = None,
) -> None:
    audit.record(
        kind.organisation,
        f"appointment_type.{act}",
        actor=actor,
        now=now,
        object_uid=kind.uid,
        details={"fields": fields} if fields else {},
    )
