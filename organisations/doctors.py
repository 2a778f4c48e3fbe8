"""Doctors: added, reached, renamed, moved to another zone, switched off and on. Telling them is the caller's."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from . import audit, inputs, phones
from .actors import Actor
from .errors import Invalid
from .models import Doctor, DoctorNotice, Organisation, User


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
    return _set(doctor, numbers, "doctor.contact_changed", actor=actor, now=now)


def rename(doctor: Doctor, *, display_name: str, actor: Actor, now: datetime) -> bool:
    """Give the doctor another name, which patients see; False when it is the same. Raises Invalid."""
    name = inputs.required_name("display_name", display_name)
    return bool(_set(doctor, {"display_name": name}, "doctor.changed", actor=actor, now=now))


def change_timezone(doctor: Doctor, *, timezone: str, actor: Actor, now: datetime) -> bool:
    """Read the doctor's weekly hours, dates and time off in another zone; False when it is the same.

    Booked visits keep their instants. Raises Invalid for a zone that is not known.
    """
    name = inputs.zone_name("timezone", timezone)
    return bool(_set(doctor, {"timezone": name}, "doctor.timezone_changed", actor=actor, now=now))


def choose_notices(
    doctor: Doctor, *, wanted: Iterable[str], actor: Actor, now: datetime
) -> list[str]:
    """Send the doctor these notices and decline all others; returns what was switched, on or off.

    Heeded when a message is written and again when it leaves. Raises Invalid for an unknown one.
    """
    chosen = set(wanted)
    if not chosen <= set(DoctorNotice.values):
        raise Invalid("notices", "This is not a notice that can be chosen.")
    declined = [notice.value for notice in DoctorNotice if notice.value not in chosen]
    with transaction.atomic():
        locked = _locked(doctor)
        switched = sorted(set(locked.declined_notices) ^ set(declined))
        if switched:
            Doctor.objects.filter(pk=doctor.pk).update(declined_notices=declined)
            _audit(doctor, "doctor.notices_changed", actor, now, fields=switched)
    doctor.declined_notices = declined
    return switched


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


def _set(
    doctor: Doctor, values: dict[str, str], action: str, *, actor: Actor, now: datetime
) -> list[str]:
    """Write what differs from the row as it is now, audited without the values; the names of those."""
    with transaction.atomic():
        locked = _locked(doctor)
        changed = [name for name, value in values.items() if value != getattr(locked, name)]
        if changed:
            Doctor.objects.filter(pk=doctor.pk).update(**{name: values[name] for name in changed})
            _audit(doctor, action, actor, now, fields=changed)
    for name, value in values.items():
        setattr(doctor, name, value)
    return changed


def _locked(doctor: Doctor) -> Doctor:
    return Doctor.objects.select_for_update(no_key=True).get(pk=doctor.pk)


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
