"""What a clinic does with a patient's profile itself: reminder opt-outs, and wiping it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from . import audit
from .actors import Actor
from .models import Patient

_WIPED: Mapping[str, object] = {
    "first_name": "",
    "last_name": "",
    "email": "",
    "phone": "",
    "date_of_birth": None,
    "timezone": "",
    "language": "",
    "extra_fields": {},
    "shop_fields": {},
    "has_opted_out_of_email_reminders": False,
    "has_opted_out_of_sms_reminders": False,
}


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Which reminders the patient does not want."""

    email: bool
    sms: bool


def set_opt_outs(patient: Patient, wanted: OptOuts, *, actor: Actor, now: datetime) -> list[str]:
    """Write down what the patient said; the names of the channels that changed, audited."""
    values = {
        "has_opted_out_of_email_reminders": wanted.email,
        "has_opted_out_of_sms_reminders": wanted.sms,
    }
    with transaction.atomic():
        locked = Patient.objects.select_for_update(no_key=True).get(pk=patient.pk)
        changed = [name for name, value in values.items() if getattr(locked, name) != value]
        if changed:
            Patient.objects.filter(pk=patient.pk).update(**{name: values[name] for name in changed})
            audit.record(
                patient.organisation,
                "patient.opt_outs_changed",
                actor=actor,
                now=now,
                object_uid=patient.uid,
                details={name: values[name] for name in changed},
            )
    for name, value in values.items():
        setattr(patient, name, value)
    return changed


def wipe(patient: Patient, *, now: datetime) -> None:
    """Blank the profile of a locked patient and cut the tie to the shop's customer.

    `shop_customer_id` is replaced, so a later booking token of that customer finds nobody and makes a
    new patient with a new uid: the wiped one never comes back to life, and nothing links the two.
    """
    changes = {**_WIPED, "shop_customer_id": f"erased-{patient.uid}", "erased_at": now}
    for name, value in changes.items():
        setattr(patient, name, value)
    patient.save(update_fields=list(changes))
