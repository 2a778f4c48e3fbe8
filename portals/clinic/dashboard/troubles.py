"""Reminders that did not get through for visits still ahead.

Not among them: what was skipped because the visit was booked, or the rule made, too late for it (that is
the rule at work), and what a doctor has switched off. There is nothing anybody should do.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from appointments.status import Status
from notifications.models import Channel, Delivery, DeliveryState
from organisations.models import Organisation
from reminders.messages import APPOINTMENT_REMINDER
from reminders.models import AppointmentReminderSent, Outcome, RecipientGroup
from reminders.recipients import OPTED_OUT
from reminders.verdict import BOOKED_LATE, RULE_IS_NEWER

from .queries import visits_ahead

_NOT_THROUGH = (
    DeliveryState.SKIPPED,
    DeliveryState.FAILED,
    DeliveryState.BOUNCED,
    DeliveryState.UNKNOWN,
)
_THROUGH = (DeliveryState.PENDING, DeliveryState.SENT, DeliveryState.DELIVERED)
_SWITCHED_OFF = Q(recipient_group=RecipientGroup.DOCTOR, reason=OPTED_OUT)
_WAYS = {Channel.EMAIL: "E-mail", Channel.SMS: "SMS"}


def troubled_reminders(organisation: Organisation, now: datetime) -> dict[str, list[str]]:
    """Uid of the visit → what went wrong with its reminders, in words. Two statements."""
    found: dict[str, list[str]] = {}
    for uid, group, outcome, reason in _not_prepared(organisation, now):
        found.setdefault(uid, []).append(f"To the {group}: {reason or outcome}")
    for uid, group, channel, state, reason in _not_arrived(organisation, now):
        words = reason or ("no answer yet" if state == DeliveryState.UNKNOWN else state)
        found.setdefault(uid, []).append(f"{_WAYS[Channel(channel)]} to the {group}: {words}")
    return found


def _not_prepared(
    organisation: Organisation, now: datetime
) -> QuerySet[AppointmentReminderSent, tuple[str, str, str, str]]:
    """Never became a message: it could not be made, or there was no way to reach anybody."""
    rows = AppointmentReminderSent.objects.of(organisation).filter(
        appointment__in=visits_ahead(organisation, now).values("pk"),
        appointment__status=Status.CONFIRMED,
        outcome__in=(Outcome.SKIPPED, Outcome.MISSED, Outcome.FAILED),
    )
    return (
        rows.exclude(reason__in=(BOOKED_LATE, RULE_IS_NEWER))
        .order_by("pk")
        .values_list("appointment__uid", "recipient_group", "outcome", "reason")
    )


def _not_arrived(
    organisation: Organisation, now: datetime
) -> QuerySet[Delivery, tuple[str, str, str, str, str]]:
    """E-mails and SMS that were skipped or failed, and were not sent again with better luck."""
    again = Delivery.objects.filter(
        organisation=OuterRef("organisation"),
        about_uid=OuterRef("about_uid"),
        subject_uid=OuterRef("subject_uid"),
        channel=OuterRef("channel"),
        state__in=_THROUGH,
        pk__gt=OuterRef("pk"),
    )
    rows = Delivery.objects.of(organisation).filter(
        about_uid__in=visits_ahead(organisation, now).values("uid"),
        kind=APPOINTMENT_REMINDER,
        state__in=_NOT_THROUGH,
    )
    return (
        rows.exclude(Exists(again) | _SWITCHED_OFF)
        .order_by("pk")
        .values_list("about_uid", "recipient_group", "channel", "state", "reason")
    )
