"""Reminder rules of an appointment type: add, change, remove, restore, and what a rule would reach."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, OuterRef, Q

from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from organisations import audit
from organisations.actors import Actor

from .errors import AlreadyExists, Invalid
from .models import Outcome, RecipientGroup, ReminderRule

MINUTES_BEFORE = (1, 43_200)
_UNIQUE = "reminder_rule_is_unique_per_group_and_offset"


@dataclass(frozen=True, slots=True)
class Preview:
    """Upcoming visits by what the rule would do. Those it has already reminded count nowhere."""

    upcoming: int  # get the reminder, at once or later
    at_once: int  # of these: with the manager's next run
    too_close: int  # never get it: the instant has already passed


def add_rule(
    appointment_type: AppointmentType,
    *,
    recipient_group: str,
    minutes_before: int,
    send_email: bool = False,
    send_sms: bool = False,
    actor: Actor,
    now: datetime,
) -> ReminderRule:
    """Remind this group of visits of this type, from now on. Audited.

    Visits whose instant has already passed are skipped, and their log says so. Raises Invalid, and
    AlreadyExists when a living rule has the group and the offset.
    """
    rule = ReminderRule(
        organisation_id=appointment_type.organisation_id,
        appointment_type=appointment_type,
        recipient_group=_group(recipient_group),
        minutes_before=_offset(minutes_before),
        send_email=send_email,
        send_sms=send_sms,
        created_at=now,
    )
    return _stored(rule, "created", rule.save, actor=actor, now=now)


def change_rule(
    rule: ReminderRule,
    *,
    recipient_group: str | None = None,
    minutes_before: int | None = None,
    send_email: bool | None = None,
    send_sms: bool | None = None,
    actor: Actor,
    now: datetime,
) -> ReminderRule:
    """Change what is given, for all that has not fired; returns the fresh rule. Audited.

    A new offset that lies in the past of a visit still ahead fires with the next run. Nothing given
    that differs: nothing is written. Raises Invalid (also for a removed rule) and AlreadyExists.
    """
    given: dict[str, object] = {
        "recipient_group": None if recipient_group is None else _group(recipient_group),
        "minutes_before": None if minutes_before is None else _offset(minutes_before),
        "send_email": send_email,
        "send_sms": send_sms,
    }
    with transaction.atomic():
        rule = _locked(rule)
        if rule.deleted_at is not None:
            raise Invalid("rule", "This reminder has been removed.")
        changed = _differing(rule, given)
        if not changed:
            return rule
        if "minutes_before" in changed:
            changed |= {"offset_changed_at": now, "is_sweep_wanted": True}
        return _stored(rule, "changed", lambda: _set(rule, changed), actor=actor, now=now)


def remove_rule(rule: ReminderRule, *, actor: Actor, now: datetime) -> ReminderRule:
    """Switch the rule off and keep its row for the log; a removed one stays as it is. Audited."""
    with transaction.atomic():
        rule = _locked(rule)
        if rule.deleted_at is not None:
            return rule
        return _stored(
            rule, "removed", lambda: _set(rule, {"deleted_at": now}), actor=actor, now=now
        )


def restore(rule: ReminderRule, *, actor: Actor, now: datetime) -> ReminderRule:
    """Undo a removal. What came due meanwhile fires while its visit is ahead. Audited.

    A living rule stays as it is. Raises AlreadyExists when another one has taken its place.
    """
    with transaction.atomic():
        rule = _locked(rule)
        if rule.deleted_at is None:
            return rule
        changed: dict[str, object] = {"deleted_at": None, "is_sweep_wanted": True}
        return _stored(rule, "restored", lambda: _set(rule, changed), actor=actor, now=now)


def preview(
    appointment_type: AppointmentType,
    *,
    minutes_before: int,
    now: datetime,
    rule: ReminderRule | None = None,
) -> Preview:
    """What a new rule, or `rule` changed to this offset, would do at `now`. One statement.

    Raises Invalid as saving would.
    """
    last_too_close = now + timedelta(minutes=_offset(minutes_before))
    visits = Appointment.objects.filter(
        appointment_type=appointment_type, status=Status.CONFIRMED, starts_at__gt=now
    )
    is_past = Q(starts_at__lte=last_too_close)
    fires_at_once = Q(starts_at=last_too_close)  # a new rule: due at this very instant
    if rule is not None:
        fired = rule.sent.filter(appointment=OuterRef("pk"), outcome=Outcome.FIRED)
        visits = visits.filter(~Exists(fired))
        is_moved = minutes_before != rule.minutes_before
        fires_at_once = is_past if is_moved else _not_dealt_with_by(rule)
    counts = visits.aggregate(
        later=Count("pk", filter=~is_past),
        at_once=Count("pk", filter=is_past & fires_at_once),
        too_close=Count("pk", filter=is_past & ~fires_at_once),
    )
    return Preview(counts["later"] + counts["at_once"], counts["at_once"], counts["too_close"])


def _not_dealt_with_by(rule: ReminderRule) -> Q:
    """A removed rule's visits, should it be restored; a living one's next run finds them, too."""
    return Q(~Exists(rule.sent.filter(appointment=OuterRef("pk"))))


def _group(given: str) -> RecipientGroup:
    if given not in RecipientGroup.values:
        raise Invalid("recipient_group", "Choose patient, doctor or admin.")
    return RecipientGroup(given)


def _offset(given: int) -> int:
    least, most = MINUTES_BEFORE
    # bool is an int to Python, but "true minutes" is a mistake of the caller's
    if type(given) is not int or not least <= given <= most:
        raise Invalid("minutes_before", f"Enter a whole number of minutes from {least} to {most}.")
    return given


def _locked(rule: ReminderRule) -> ReminderRule:
    return (
        ReminderRule.objects.select_for_update(no_key=True, of=("self",))
        .select_related("appointment_type", "organisation")
        .get(pk=rule.pk)
    )


def _differing(rule: ReminderRule, given: dict[str, object]) -> dict[str, object]:
    return {
        field: value
        for field, value in given.items()
        if value is not None and value != getattr(rule, field)
    }


def _set(rule: ReminderRule, changed: dict[str, object]) -> None:
    for field, value in changed.items():
        setattr(rule, field, value)
    rule.save(update_fields=list(changed))


def _stored(
    rule: ReminderRule, what: str, write: Callable[[], None], *, actor: Actor, now: datetime
) -> ReminderRule:
    """Write and audit together; the database refuses a second rule of that group and offset."""
    try:
        with transaction.atomic():
            write()
            audit.record(
                rule.organisation,
                f"reminder_rule.{what}",
                actor=actor,
                now=now,
                object_uid=rule.uid,
                details={
                    "appointment_type_uid": rule.appointment_type.uid,
                    "recipient_group": str(rule.recipient_group),
                    "minutes_before": rule.minutes_before,
                    "send_email": rule.send_email,
                    "send_sms": rule.send_sms,
                },
            )
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", "") == _UNIQUE:
            raise AlreadyExists from error
        raise
    return rule
