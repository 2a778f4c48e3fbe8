"""Editing availability as the surfaces do: `availability.editing`, and the doctor is told.

Whoever edits somebody else's hours, or stops their bookings, mails the doctor in the same transaction.
Errors, `expected` and what is returned are those of `availability.editing`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from appointments.messages import AVAILABILITY_CHANGED
from appointments.notices import DOCTOR_GROUP
from availability import editing
from availability.models import (
    AvailabilityOverride,
    AvailabilityWindow,
    BookingStop,
    TimeOff,
    Weekday,
)
from availability.times import date_in_words
from availability.values import OverrideValues, TimeOffValues, WindowValues
from common.local_time import in_words
from notifications.models import Channel
from notifications.outbox import NewMessage, publish
from organisations import doctors
from organisations.actors import Actor
from organisations.models import Doctor


@transaction.atomic
def add_window(
    doctor: Doctor, values: WindowValues, *, actor: Actor, now: datetime
) -> AvailabilityWindow:
    window = editing.add_window(doctor, values, actor=actor, now=now)
    _tell(doctor, f"Added: {WindowValues.of(window).in_words()}", actor=actor, now=now)
    return window


@transaction.atomic
def change_window(
    window: AvailabilityWindow,
    values: WindowValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> AvailabilityWindow:
    before = WindowValues.of(window)
    changed = editing.change_window(window, values, actor=actor, now=now, expected=expected)
    if changed.updated_at != window.updated_at:
        words = f"Changed: {before.in_words()} → {WindowValues.of(changed).in_words()}"
        _tell(changed.doctor, words, actor=actor, now=now)
    return changed


@transaction.atomic
def remove_window(
    window: AvailabilityWindow, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> WindowValues:
    values = editing.remove_window(window, actor=actor, now=now, expected=expected)
    _tell(window.doctor, f"Removed: {values.in_words()}", actor=actor, now=now)
    return values


@transaction.atomic
def copy_day(
    doctor: Doctor,
    *,
    from_weekday: int,
    to_weekdays: Iterable[int],
    actor: Actor,
    now: datetime,
    expected: Mapping[int, str] | None = None,
) -> editing.CopiedDay:
    targets = sorted(set(to_weekdays) - {from_weekday})
    copied = editing.copy_day(
        doctor,
        from_weekday=from_weekday,
        to_weekdays=targets,
        actor=actor,
        now=now,
        expected=expected,
    )
    days = ", ".join(str(Weekday(weekday).label) for weekday in targets)
    words = f"{Weekday(from_weekday).label} copied to {days}"
    _tell(doctor, words, actor=actor, now=now)
    return copied


@transaction.atomic
def undo_copy(
    doctor: Doctor,
    *,
    added: Sequence[str],
    removed: Sequence[WindowValues],
    actor: Actor,
    now: datetime,
) -> None:
    editing.undo_copy(doctor, added=added, removed=removed, actor=actor, now=now)
    _tell(doctor, "A copied day was taken back", actor=actor, now=now)


@transaction.atomic
def add_override(
    doctor: Doctor, values: OverrideValues, *, actor: Actor, now: datetime
) -> AvailabilityOverride:
    override = editing.add_override(doctor, values, actor=actor, now=now)
    _tell(doctor, _hours_of_a_date(override), actor=actor, now=now)
    return override


@transaction.atomic
def set_override(
    doctor: Doctor,
    values: OverrideValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> AvailabilityOverride:
    before = AvailabilityOverride.objects.filter(doctor=doctor, date=values.date).one_or_none()
    override = editing.set_override(doctor, values, actor=actor, now=now, expected=expected)
    if before is None or override.updated_at != before.updated_at:
        _tell(doctor, _hours_of_a_date(override), actor=actor, now=now)
    return override


@transaction.atomic
def change_override(
    override: AvailabilityOverride,
    values: OverrideValues,
    *,
    actor: Actor,
    now: datetime,
    expected: datetime | None = None,
) -> AvailabilityOverride:
    before = OverrideValues.of(override)
    changed = editing.change_override(override, values, actor=actor, now=now, expected=expected)
    if changed.updated_at != override.updated_at:
        words = _hours_of_a_date(changed)
        if changed.date != before.date:
            words = f"The weekly hours hold again on {date_in_words(before.date)}. {words}"
        _tell(changed.doctor, words, actor=actor, now=now)
    return changed


@transaction.atomic
def remove_override(
    override: AvailabilityOverride, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> OverrideValues:
    values = editing.remove_override(override, actor=actor, now=now, expected=expected)
    words = f"The weekly hours hold again on {date_in_words(values.date)}"
    _tell(override.doctor, words, actor=actor, now=now)
    return values


@transaction.atomic
def add_time_off(doctor: Doctor, values: TimeOffValues, *, actor: Actor, now: datetime) -> TimeOff:
    time_off = editing.add_time_off(doctor, values, actor=actor, now=now)
    words = f"Time off added: {TimeOffValues.of(time_off).in_words()}"
    _tell(doctor, words, actor=actor, now=now)
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
    before = TimeOffValues.of(time_off)
    changed = editing.change_time_off(time_off, values, actor=actor, now=now, expected=expected)
    if changed.updated_at != time_off.updated_at:
        after = TimeOffValues.of(changed)
        words = f"Time off changed: {before.in_words()} → {after.in_words()}"
        _tell(changed.doctor, words, actor=actor, now=now)
    return changed


@transaction.atomic
def remove_time_off(
    time_off: TimeOff, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> TimeOffValues:
    values = editing.remove_time_off(time_off, actor=actor, now=now, expected=expected)
    _tell(time_off.doctor, f"Time off removed: {values.in_words()}", actor=actor, now=now)
    return values


@transaction.atomic
def stop_bookings(
    doctor: Doctor, *, reason: str, actor: Actor, now: datetime, until: datetime | None = None
) -> BookingStop:
    """The doctor is told with the reason, and until when in their own zone."""
    stop = editing.stop_bookings(doctor, reason=reason, actor=actor, now=now, until=until)
    how_long = f"until {in_words(until, doctor.timezone)}" if until else "until further notice"
    words = f"New bookings are stopped {how_long}: {stop.reason}"
    _tell(doctor, words, actor=actor, now=now)
    return stop


@transaction.atomic
def lift_stop(doctor: Doctor, *, actor: Actor, now: datetime) -> bool:
    was_stopped = editing.lift_stop(doctor, actor=actor, now=now)
    if was_stopped:
        _tell(doctor, "New bookings are possible again", actor=actor, now=now)
    return was_stopped


@transaction.atomic
def change_timezone(doctor: Doctor, *, timezone: str, actor: Actor, now: datetime) -> bool:
    """The doctor's hours are read in another zone; False when it is the same one. Visits keep their instants.

    Raises organisations' Invalid.
    """
    before = doctor.timezone
    has_changed = doctors.change_timezone(doctor, timezone=timezone, actor=actor, now=now)
    if has_changed:
        words = f"Time zone changed: {before} → {doctor.timezone}"
        _tell(doctor, words, actor=actor, now=now)
    return has_changed


def _hours_of_a_date(override: AvailabilityOverride) -> str:
    return f"Hours of one date: {OverrideValues.of(override).in_words()}"


def _tell(doctor: Doctor, change: str, *, actor: Actor, now: datetime) -> None:
    """Mail the doctor, unless it was the doctor; without an address the skipped mail is recorded."""
    user = doctor.user
    if actor.uid and actor.uid in (doctor.uid, user.uid if user else doctor.uid):
        return
    address = doctor.email or (user.email if user else "")
    message = NewMessage(
        organisation_id=doctor.organisation_id,
        channel=Channel.EMAIL,
        kind=AVAILABILITY_CHANGED,
        subject_uid=doctor.uid,
        about_uid="",
        recipient_group=DOCTOR_GROUP,
        recipient_uid=doctor.uid,
        address=address,
        context={"change": change, "by": actor.label},
        skip_reason="" if address else "no e-mail address",
    )
    publish(now=now, messages=[message])
