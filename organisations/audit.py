"""The audit log: append-only, per organisation, never the data itself."""

from collections.abc import Mapping
from datetime import datetime

from .actors import Actor
from .models import AuditEntry, Organisation


def record(
    organisation: Organisation,
    action: str,
    *,
    actor: Actor,
    now: datetime,
    object_uid: str = "",
    details: Mapping[str, str | int | bool | list[str] | None] | None = None,
) -> AuditEntry:
    """Write one entry in the caller's transaction. `details` names fields and uids, never values of people."""
    return AuditEntry.objects.create(
        organisation=organisation,
        at=now,
        action=action,
        actor_kind=actor.kind,
        actor_uid=actor.uid,
        actor_label=actor.label,
        ip_address=actor.ip_address,
        object_uid=object_uid,
        details=dict(details or {}),
    )
