"""Doctors' meeting rooms: one persistent Jitsi room each, renewable when its name got around."""

import secrets
from datetime import datetime

from django.db import transaction

from organisations import audit
from organisations.actors import Actor
from organisations.models import Doctor

from .models import MeetingRoom


def room_of(doctor: Doctor) -> MeetingRoom:
    """The doctor's room; made on first need, so that no visit stands before a missing door."""
    room, _ = MeetingRoom.objects.get_or_create(
        doctor=doctor, defaults={"organisation_id": doctor.organisation_id}
    )
    return room


def renew(doctor: Doctor, *, actor: Actor, now: datetime) -> MeetingRoom:
    """Give the doctor's room another unguessable name, audited.

    Join links stay as they are and lead to the new room; who knows the old name finds it empty.
    """
    room = room_of(doctor)
    room.name = secrets.token_urlsafe(24)
    room.renewed_at = now
    with transaction.atomic():
        room.save(update_fields=["name", "renewed_at"])
        audit.record(
            doctor.organisation, "meeting_room.renewed", actor=actor, now=now, object_uid=doctor.uid
        )
    return room
