"""Edits of the weekly windows. Overlaps are refused here by name, and by the database in any case."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256

from django.db import IntegrityError, transaction

from availability.errors import Invalid, Stale, WindowOverlap
from availability.models import AvailabilityWindow, Weekday
from availability.values import WindowValues, overlapping
from organisations.actors import Actor
from organisations.models import Doctor

from .rows import fresh, record, take_turn

_NO_OVERLAP = "window_overlaps_no_other_of_its_doctor"


@dataclass(frozen=True, slots=True)
class CopiedDay:
    """The windows a copy has made, and what it has replaced."""

    added: list[AvailabilityWindow]
    removed: list[WindowValues]


@transaction.atomic
def add_window(
    doctor: Doctor, values: WindowValues, *, actor: Actor, now: datetime
) -> AvailabilityWindow:
    """Add a weekly window. Raises Invalid, or WindowOverlap naming the windows it overlaps."""
    values = values.checked()
    doctor = take_turn(doctor.pk)
    window = _stored(_new(doctor), values)
    _record(doctor, "added", window, actor=actor, now=now)
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
    """Give the window these values; the same values write nothing.

    Raises Invalid, WindowOverlap, or Stale when it is gone or its `updated_at` is not `expected`.
    """
    values = values.checked()
    doctor = take_turn(window.doctor_id)
    window = fresh(window, expected)
    if values == WindowValues.of(window):
        return window
    window = _stored(window, values)
    _record(doctor, "changed", window, actor=actor, now=now)
    return window


@transaction.atomic
def remove_window(
    window: AvailabilityWindow, *, actor: Actor, now: datetime, expected: datetime | None = None
) -> WindowValues:
    """Remove the window and return its values, to add it again. Raises Stale."""
    doctor = take_turn(window.doctor_id)
    window = fresh(window, expected)
    _record(doctor, "removed", window, actor=actor, now=now)
    window.delete()
    return WindowValues.of(window)


def states_of_days(windows: Iterable[AvailabilityWindow]) -> dict[int, str]:
    """What changes with any window of the weekday: an editor hands it back to say what it saw."""
    words: dict[int, list[str]] = {weekday.value: [] for weekday in Weekday}
    for window in windows:
        words[window.weekday].append(WindowValues.of(window).in_words())
    return {
        weekday: sha256(";".join(sorted(hours)).encode()).hexdigest()[:8]
        for weekday, hours in words.items()
    }


@transaction.atomic
def copy_day(
    doctor: Doctor,
    *,
    from_weekday: int,
    to_weekdays: Iterable[int],
    actor: Actor,
    now: datetime,
    expected: Mapping[int, str] | None = None,
) -> CopiedDay:
    """Make the windows of other weekdays equal to one weekday's; what they had is replaced.

    Raises Invalid, WindowOverlap when a night would run into the morning of the next day, or Stale when one
    of these days is not in the state that `expected` says; then nothing has changed.
    """
    targets = _targets(from_weekday, to_weekdays)
    doctor = take_turn(doctor.pk)
    windows = AvailabilityWindow.objects.filter(doctor=doctor).order_by("weekday", "start_minute")
    if expected is not None:
        states = states_of_days(windows)
        if any(states[day] != expected.get(day) for day in (from_weekday, *targets)):
            raise Stale("Somebody else has changed this in the meantime.")
    sources = [WindowValues.of(window) for window in windows.filter(weekday=from_weekday)]
    replaced = windows.filter(weekday__in=targets)
    removed = [WindowValues.of(window) for window in replaced]
    removed_uids = [window.uid for window in replaced]
    replaced.delete()
    copies = [replace(source, weekday=weekday) for weekday in targets for source in sources]
    added = [_stored(_new(doctor), values) for values in copies]
    record(
        doctor,
        "availability_day.copied",
        actor=actor,
        now=now,
        source=Weekday(from_weekday).label,
        targets=[Weekday(weekday).label for weekday in targets],
        removed=removed_uids,
    )
    return CopiedDay(added, removed)


@transaction.atomic
def undo_copy(
    doctor: Doctor,
    *,
    added: Sequence[str],
    removed: Sequence[WindowValues],
    actor: Actor,
    now: datetime,
) -> None:
    """Take a copy back: what it added (by uid) goes, what it replaced comes again.

    Raises Stale when any of the copies is gone, Invalid, or WindowOverlap; then nothing has changed.
    """
    doctor = take_turn(doctor.pk)
    copies = AvailabilityWindow.objects.filter(doctor=doctor, uid__in=added)
    if not added or copies.count() != len(set(added)):
        raise Stale("Somebody else has changed this in the meantime.")
    gone = sorted({window.weekday for window in copies})
    copies.delete()
    back = [_stored(_new(doctor), values.checked()) for values in removed]
    weekdays = sorted({*gone, *(window.weekday for window in back)})
    record(
        doctor,
        "availability_day.copy_undone",
        actor=actor,
        now=now,
        targets=[Weekday(weekday).label for weekday in weekdays],
        removed=list(added),
    )


def _targets(from_weekday: int, to_weekdays: Iterable[int]) -> list[int]:
    targets = sorted(set(to_weekdays) - {from_weekday})
    if not targets or not {from_weekday, *targets} <= set(Weekday.values):
        raise Invalid("to_weekdays", "Choose other days of the week to copy to.")
    return targets


def _new(doctor: Doctor) -> AvailabilityWindow:
    return AvailabilityWindow(organisation_id=doctor.organisation_id, doctor=doctor)


def _stored(window: AvailabilityWindow, values: WindowValues) -> AvailabilityWindow:
    """Write the values into the row, unless they overlap another window of the doctor."""
    _refuse_overlap(window, values)
    for name, value in asdict(values).items():
        setattr(window, name, value)
    with _constraint_named(window, values):
        window.save()
    return window


def _refuse_overlap(window: AvailabilityWindow, values: WindowValues) -> None:
    others = AvailabilityWindow.objects.filter(doctor_id=window.doctor_id).exclude(pk=window.pk)
    found = overlapping(values, others.order_by("weekday", "start_minute"))
    if found:
        words = [(other.uid, WindowValues.of(other).in_words()) for other in found]
        raise WindowOverlap(values.in_words(), words)


@contextmanager
def _constraint_named(window: AvailabilityWindow, values: WindowValues) -> Iterator[None]:
    """The constraint's refusal as WindowOverlap: a writer who took no turn was quicker."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if _NO_OVERLAP in str(error):
            _refuse_overlap(window, values)
        raise


def _record(
    doctor: Doctor, verb: str, window: AvailabilityWindow, *, actor: Actor, now: datetime
) -> None:
    record(
        doctor,
        f"availability_window.{verb}",
        actor=actor,
        now=now,
        window=window.uid,
        hours=WindowValues.of(window).in_words(),
    )
