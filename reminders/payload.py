"""What a fired reminder says: the event of the contract's section 5, and the messages the rule orders."""

from datetime import datetime

from appointments import links
from appointments.models import Appointment
from common.clock import to_epoch
from notifications.models import Channel, EventType
from notifications.outbox import NewEvent, NewMessage

from .models import RecipientGroup, ReminderRule
from .recipients import Recipient

KIND = "appointment.reminder"  # whose text and check `messages` registers

# Become null for subscriptions without contact: names, addresses, numbers, the patient's link.
CONTACT_PATHS = (
    "recipient.display_name",
    "recipient.email",
    "recipient.phone",
    "appointment.patient_display_name",
    "appointment.join_url",
)
_WITH_PATIENTS_LINK = (*CONTACT_PATHS, "join_url")


def event(
    *,
    event_id: int,
    sent_uid: str,
    rule: ReminderRule,
    due_at: datetime,
    recipient: Recipient,
    appointment: Appointment,
    representation: dict[str, object],
    now: datetime,
) -> NewEvent:
    """The order to tell this recipient. `representation` is the partner's view of the appointment."""
    is_for_patient = recipient.group == RecipientGroup.PATIENT
    page = None if is_for_patient else links.portal_url(appointment, recipient.group)
    return NewEvent(
        id=event_id,
        organisation_id=appointment.organisation_id,
        shop_id=appointment.shop_id,
        event_type=EventType.REMINDER_DUE,
        subject_uid=sent_uid,
        about_uid=appointment.uid,
        timestamp=to_epoch(now),
        data={
            "uid": sent_uid,
            **_order(rule, due_at, appointment),
            "recipient": _recipient(recipient),
            "join_url": page or representation["join_url"],
            "appointment": representation,
        },
        contact_paths=_WITH_PATIENTS_LINK if is_for_patient else CONTACT_PATHS,
    )


def _order(rule: ReminderRule, due_at: datetime, appointment: Appointment) -> dict[str, object]:
    """From `reminder_uid` to `send_sms`."""
    return {
        "reminder_uid": rule.uid,
        "minutes_before": rule.minutes_before,
        "due_at": to_epoch(due_at),
        "expires_at": to_epoch(appointment.starts_at),
        "send_email": rule.send_email,
        "send_sms": rule.send_sms,
    }


def messages(*, event: NewEvent, rule: ReminderRule, recipient: Recipient) -> list[NewMessage]:
    """The e-mail and the SMS, as far as the rule orders them; one that cannot leave says why."""
    ordered = (
        (rule.send_email, Channel.EMAIL, recipient.email, recipient.no_email_because),
        (rule.send_sms, Channel.SMS, recipient.phone, recipient.no_sms_because),
    )
    return [
        NewMessage(
            organisation_id=event.organisation_id,
            channel=channel,
            kind=KIND,
            subject_uid=event.subject_uid,
            about_uid=event.about_uid,
            recipient_group=recipient.group,
            recipient_uid=recipient.uid,
            address=address,
            event_uid=event.uid,
            skip_reason=skip_reason,
        )
        for is_ordered, channel, address, skip_reason in ordered
        if is_ordered
    ]


def _recipient(recipient: Recipient) -> dict[str, object]:
    return {
        "group": str(recipient.group),
        "uid": recipient.uid,
        "shop_customer_id": recipient.shop_customer_id or None,
        "display_name": recipient.name or None,
        "email": recipient.email or None,
        "phone": recipient.phone or None,
        "timezone": recipient.timezone or None,
        "language": recipient.language or None,
    }
