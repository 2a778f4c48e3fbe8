"""What must hold after every fault, and is counted from what the outside was told, not from our own belief."""

import re
from collections import Counter, defaultdict

from appointments.models import Appointment
from notifications.models import Channel, Delivery, DeliveryState, Event
from reminders.models import AppointmentReminderSent
from tests.concurrency.racing import count_of_overlaps
from tests.doubles import twilio

from .stage import Stage

REMINDERS_PER_VISIT = 2
UID_OF_CALLBACK = re.compile(r"dlv-\w+")


def broken(stage: Stage) -> list[str]:
    """What does not hold, each as a sentence; nothing when all does."""
    return [
        *stage.ledger.oddities,
        *_lost_bookings(stage),
        *_overlaps(),
        *_reminders(stage),
        *_webhooks(stage),
        *_mails(stage),
        *_messages(stage),
    ]


def _lost_bookings(stage: Stage) -> list[str]:
    states = dict(Appointment.objects.values_list("uid", "status"))
    return [
        f"{uid} was acknowledged as {' or '.join(sorted(allowed))} and is {states.get(uid)}"
        for uid, allowed in stage.ledger.states.items()
        if states.get(uid) not in allowed
    ]


def _overlaps() -> list[str]:
    count = count_of_overlaps()
    return [f"{count} visits overlap"] if count else []


def _reminders(stage: Stage) -> list[str]:
    rows = AppointmentReminderSent.objects.all()
    wanted = stage.visits * REMINDERS_PER_VISIT
    found = []
    if {row.outcome for row in rows} - {"fired"} or len(rows) != wanted:
        found.append(f"{len(rows)} reminders of {wanted}: {Counter(row.outcome for row in rows)}")
    events = Event.objects.filter(event_type__iexact="appointment_reminder_due")
    if sorted(row.uid for row in rows) != sorted(events.values_list("subject_uid", flat=True)):
        found.append("reminders and their events are not one to one")
    return found


def _webhooks(stage: Stage) -> list[str]:
    """Every event at least once, a repeated one byte for byte the same, nothing we have no row of."""
    heard: dict[str, set[bytes]] = defaultdict(set)
    for request in stage.outside.partner.requests:
        heard[request.headers["webhook-id"]].add(request.body)
    told = Delivery.objects.filter(channel=Channel.WEBHOOK).values_list("event__uid", flat=True)
    found = [
        f"{len(bodies)} bodies under {uid}" for uid, bodies in heard.items() if len(bodies) > 1
    ]
    if set(heard) != set(told):
        found.append(f"{len(set(told) - set(heard))} events the partner has not heard of")
    late = Delivery.objects.filter(state__in=[DeliveryState.PENDING, DeliveryState.FAILED])
    if late.exists():
        found.append(f"{late.count()} deliveries are neither through nor given up")
    return found


def _mails(stage: Stage) -> list[str]:
    """Every mail arrived, under one Message-ID each."""
    arrived = {str(message["Message-ID"]) for message in stage.outside.mailbox.messages}
    sent = Delivery.objects.filter(channel=Channel.EMAIL).exclude(state=DeliveryState.SKIPPED)
    count = sent.count()
    return [] if len(arrived) == count else [f"{len(arrived)} different mails of {count}"]


def _messages(stage: Stage) -> list[str]:
    """At most once each; what was not heard to arrive is known as unknown."""
    called = Counter(
        UID_OF_CALLBACK.findall(twilio.form(request)["StatusCallback"])[0]
        for request in stage.outside.sms.requests
    )
    found = [f"SMS {uid} left {count} times" for uid, count in called.items() if count > 1]
    rows = Delivery.objects.filter(channel=Channel.SMS).exclude(state=DeliveryState.SKIPPED)
    believed = {row.uid for row in rows if row.state == DeliveryState.SENT}
    lost = {row.uid for row in rows} - set(called)
    if believed - set(called):
        found.append(f"{len(believed - set(called))} SMS believed sent that never left")
    unknown = {row.uid for row in rows if row.state == DeliveryState.UNKNOWN}
    if lost - unknown:
        found.append(f"{len(lost - unknown)} SMS that never left and are not known as unknown")
    return found
