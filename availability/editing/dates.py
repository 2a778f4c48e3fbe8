"""Edits about dates: a date's own hours, and time off."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from availability.errors import AlreadyExists, Stale
from availability.models import AvailabilityOverride, TimeOff
from availability.values import OverrideValues, TimeOffValues
from organisations.actors import Actor
from organisations.models import Doctor

from .rows import fresh, record, take_turn


@transaction.atomic
def add_override(
    doctor: Doctor, values: OverrideValues, *, actor: Actor, now: datetime
) -> AvailabilityOverride:
    """Give the date its own hours; raises AlreadyExists when it has some, and Invalid."""
    doctor = take_turn(doctor.pk)
    if AvailabilityOverride.objects.filter(doctor=doctor, date=values.date).exists():
        raise AlreadyExists
    return set_override(doctor, values, actor=actor, now=now)


@transaction.atomic
def set_override(
    doctor: Doctor,
    values: OverrideValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> AvailabilityOverride:
    """Give the date its own hours (none: closed), in place of any it had; the same write nothing.

    Raises Invalid; Stale when `expected` is given and the date's override is not that one.
    """
    values = values.checked()
    doctor = take_turn(doctor.pk)
    override = AvailabilityOverride.objects.filter(doctor=doctor, date=values.date).one_or_none()
    if expected is not None and (override is None or override.updated_at != expected):
        raise Stale("Somebody else has changed this in the meantime.")
    if override is not None and values == OverrideValues.of(override):
        return override
    if override is None:
        override = AvailabilityOverride(organisation_id=doctor.organisation_id, doctor=doctor)
    return _written(doctor, override, values, actor=actor, now=now)


@transaction.atomic
def change_override(
    override: AvailabilityOverride,
    values: OverrideValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> AvailabilityOverride:
    """Give the override these hours and this date; the same values write nothing.

    Raises Invalid, Stale, and AlreadyExists when the other date has hours of its own.
    """
    values = values.checked()
    doctor = take_turn(override.doctor_id)
    override = fresh(override, expected)
    if values == OverrideValues.of(override):
        return override
    others = AvailabilityOverride.objects.filter(doctor=doctor, date=values.date)
    if others.exclude(pk=override.pk).exists():
        raise AlreadyExists
    if values.date != override.date:  # the weekly pattern holds again on the date that is left
        _record_override(doctor, "removed", override, actor=actor, now=now)
    return _written(doctor, override, values, actor=actor, now=now)


@transaction.atomic
def remove_override(
    override: AvailabilityOverride, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> OverrideValues:
    """The weekly pattern holds again on that date. Returns what setting it again takes. Raises Stale."""
    doctor = take_turn(override.doctor_id)
    override = fresh(override, expected)
    _record_override(doctor, "removed", override, actor=actor, now=now)
    override.delete()
    return OverrideValues.of(override)


@transaction.atomic
def add_time_off(doctor: Doctor, values: TimeOffValues, *, actor: Actor, now: datetime) -> TimeOff:
    """Close a range of the doctor's local time; it may overlap other time off. Raises Invalid."""
    values = values.checked()
    doctor = take_turn(doctor.pk)
    time_off = TimeOff.objects.create(
        organisation_id=doctor.organisation_id, doctor=doctor, **asdict(values)
    )
    _record_time_off(doctor, "added", time_off, actor=actor, now=now)
    return time_off


@transaction.atomic
def change_time_off(
    time_off: TimeOff,
    values: TimeOffValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> TimeOff:
    """Give the time off these values; the same values write nothing. Raises Invalid or Stale."""
    values = values.checked()
    doctor = take_turn(time_off.doctor_id)
    time_off = fresh(time_off, expected)
    if values == TimeOffValues.of(time_off):
        return time_off
    for name, value in asdict(values).items():
        setattr(time_off, name, value)
    time_off.save()
    _record_time_off(doctor, "changed", time_off, actor=actor, now=now)
    return time_off


@transaction.atomic
def remove_time_off(
    time_off: TimeOff, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> TimeOffValues:
    """Open that time again. Returns what adding it again takes. Raises Stale."""
    doctor = take_turn(time_off.doctor_id)
    time_off = fresh(time_off, expected)
    _record_time_off(doctor, "removed", time_off, actor=actor, now=now)
    time_off.delete()
    return TimeOffValues.of(time_off)


def _written(
    doctor: Doctor,
    override: AvailabilityOverride,
    values: OverrideValues,
    *,
    actor: Actor,
    now: datetime,
) -> AvailabilityOverride:
    override.date = values.date
    override.hours = [list(pair) for pair in values.hours]
    override.save()
    _record_override(doctor, "set", override, actor=actor, now=now)
    return override


def _record_override(
    doctor: Doctor, verb: str, override: AvailabilityOverride, *, actor: Actor, now: datetime
) -> None:
    words = OverrideValues.of(override).in_words()
    action = f"availability_override.{verb}"
    record(doctor, action, actor=actor, now=now, override=override.uid, hours=words)


def _record_time_off(
    doctor: Doctor, verb: str, time_off: TimeOff, *, actor: Actor, now: datetime
) -> None:
    """The note stays out: it may say why."""
    words = TimeOffValues.of(time_off).in_words()
    record(doctor, f"time_off.{verb}", actor=actor, now=now, time_off=time_off.uid, span=words)
