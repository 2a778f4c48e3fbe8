"""Who acts: handed to every verb, written into history and audit."""

from dataclasses import dataclass

from django.db import models


class ActorKind(models.TextChoices):
    """`cancelled_by` and `status_changed_by` of the contract; staff act on settings only."""

    PATIENT = "patient"
    PARTNER = "partner"
    ADMIN = "admin"
    DOCTOR = "doctor"
    SYSTEM = "system"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Actor:
    """`uid` names the user, API key or patient; `label` is what history shows a person."""

    kind: ActorKind
    uid: str = ""
    label: str = ""
    ip_address: str | None = None

    @property
    def is_staff_of_clinic(self) -> bool:
        """Admins and doctors: not bound by notices, owe a reason, whose reason stays inside."""
        return self.kind in (ActorKind.ADMIN, ActorKind.DOCTOR)


SYSTEM = Actor(kind=ActorKind.SYSTEM, label="RxScale")
