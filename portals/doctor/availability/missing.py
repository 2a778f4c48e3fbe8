"""A row of the doctor's that is to be edited: there, removed in the meantime, or never theirs."""

from typing import TypeVar

from django.db.models import Q
from django.http import Http404

from availability.models import AvailabilityOverride, AvailabilityWindow, TimeOff
from organisations.models import AuditEntry, Doctor

Row = TypeVar("Row", AvailabilityWindow, AvailabilityOverride, TimeOff)
# What the audit log calls them.
_NAMES = {AvailabilityWindow: "window", AvailabilityOverride: "override", TimeOff: "time_off"}


def row_or_none(model: type[Row], doctor: Doctor, uid: str) -> Row | None:
    """None for what was this doctor's and is gone; anything else that is not there is 404, whoever's it is.

    One query, and one of the audit log where it is not there.
    """
    if "\0" in uid:  # cannot be asked of PostgreSQL, and no uid of ours holds one
        raise Http404
    rows = model._default_manager.filter(organisation_id=doctor.organisation_id, doctor=doctor)
    row = rows.filter(uid=uid).one_or_none()
    if row is None and not _was_removed(doctor, _NAMES[model], uid):
        raise Http404
    return row


def _was_removed(doctor: Doctor, name: str, uid: str) -> bool:
    entries = AuditEntry.objects.filter(
        organisation_id=doctor.organisation_id, object_uid=doctor.uid
    )
    named = Q(details__contains={name: uid}) | Q(details__contains={"removed": [uid]})
    return entries.filter(named).exists()
