"""Doctors: added, reached by telephone, switched off and on again. Telling the doctor is the caller's."""

from datetime import datetime

from django.db import transaction

from . import audit, inputs, phones
from .actors import Actor
from .errors import Invalid
from .models import Doctor, Organisation, User


def add_doctor(
    organisation: Organisation,
    *,
    display_name: str,
    timezone: str,
    user: User | None = None,
    mobile_phone: str = "",
    actor: Actor,
    now: datetime,
) -> tuple[Doctor, bool]:
    """The doctor of that name in the organisation, and whether one was made; so it may be repeated.

    `user` is how the doctor signs in and where mail goes. An existing doctor is returned unchanged.
    Raises Invalid, also when the user is another doctor of the organisation.
    """
    doctor = Doctor(
        organisation=organisation,
        user=user,
        display_name=inputs.required_name("display_name", display_name),
        timezone=inputs.zone_name("timezone", timezone),
        email=user.email if user else "",
        mobile_phone=_number("mobile_phone", mobile_phone),
    )
    others = Doctor.objects.of(organisation)
    if found := others.filter(display_name=doctor.display_name).order_by("id").first():
        return found, False
    if user is not None and others.filter(user=user).exists():
        raise Invalid("email", "Another doctor signs in with this address.")
    with transaction.atomic():
        doctor.save(force_insert=True)
        _audit(doctor, "doctor.added", actor, now)
    return doctor, True


def change_contact(
    doctor: Doctor,
    *,
    mobile_phone: str | None = None,
    prescription_phone: str | None = None,
    actor: Actor,
    now: datetime,
) -> list[str]:
    """Set the numbers that are given ("" removes one); the names of those that changed.

    Stored as E.164, audited without the numbers; nothing is written when nothing changes.
    Raises Invalid, also for a number without its country code: a doctor has no country.
    """
    given = {"mobile_phone": mobile_phone, "prescription_phone": prescription_phone}
    numbers = {name: _number(name, text) for name, text in given.items() if text is not None}
    with transaction.atomic():
        locked = Doctor.objects.select_for_update(no_key=True).get(pk=doctor.pk)
        changed = [name for name, number in numbers.items() if number != getattr(locked, name)]
        if changed:
            Doctor.objects.filter(pk=doctor.pk).update(**{name: numbers[name] for name in changed})
            _audit(doctor, "doctor.contact_changed", actor, now, fields=changed)
    for name, number in numbers.items():
        setattr(doctor, name, number)
    return changed


def deactivate(doctor: Doctor, *, actor: Actor, now: datetime) -> None:
    """Offer nothing of the doctor any more; booked visits stay. Repeating it does nothing."""
    _switch(doctor, False, "doctor.deactivated", actor, now)


def reactivate(doctor: Doctor, *, actor: Actor, now: datetime) -> None:
    """Offer the doctor's windows again. Repeating it does nothing."""
    _switch(doctor, True, "doctor.reactivated", actor, now)


def _switch(doctor: Doctor, is_active: bool, action: str, actor: Actor, now: datetime) -> None:
    others = Doctor.objects.filter(pk=doctor.pk, is_active=not is_active)
    with transaction.atomic():
        if others.update(is_active=is_active):
            _audit(doctor, action, actor, now)
    doctor.is_active = is_active


def _number(field: str, text: str) -> str:
    if not text.strip():
        return ""
    try:
        return phones.to_e164(text, "")
    except ValueError as error:
        raise Invalid(field, str(error)) from None


def _audit(
    doctor: Doctor, action: str, actor: Actor, now: datetime, *, fields: list[str] | None = None
) -> None:
    details = {"fields": fields} if fields else {}
    audit.record(
        doctor.organisation, action, actor=actor, now=now, object_uid=doctor.uid, details=details
    )
