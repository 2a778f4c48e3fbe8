"""The audit log's actions in words, its details as one line, and the page of what was acted on."""

from collections.abc import Mapping

from django.urls import reverse

from organisations.actors import ActorKind
from portals.lengths import length

GROUPS: dict[str, dict[str, str]] = {
    "Signing in and accounts": {
        "account.signed_in": "Signed in",
        "account.sign_in_failed": "Sign-in failed",
        "account.signed_out": "Signed out",
        "account.password_changed": "Password changed",
        "account.profile_changed": "Own account changed",
        "account.sessions_ended": "Signed out everywhere",
    },
    "Patients and appointments": {
        "patients.searched": "Patients searched",
        "patient.opened": "Patient opened",
        "patient.opt_outs_changed": "Reminder opt-outs changed",
        "patient.exported": "Patient exported",
        "patient.erased": "Patient erased",
        "appointment.opened": "Appointment opened",
        "appointment.kept_outside_hours": "Appointment kept outside the hours",
        "appointment.keep_lifted": "Appointment no longer kept",
        "appointments.exported": "Appointments exported",
    },
    "Booking secrets and API keys": {
        "booking_secret.created": "Booking secret created",
        "booking_secret.revealed": "Booking secret revealed",
        "booking_secret.revoked": "Booking secret revoked",
        "api_key.created": "API key created",
        "api_key.revoked": "API key revoked",
    },
    "Notification subscriptions": {
        "notification_subscription.created": "Subscription created",
        "notification_subscription.deleted": "Subscription deleted",
        "notification_subscription.disabled": "Subscription disabled",
        "notification_subscription.enabled": "Subscription enabled",
        "notification_subscription.secret_revealed": "Signing secret revealed",
        "notification_subscription.secret_renewed": "Signing secret renewed",
        "notification_subscription.secret_switched": "Signing secret switched",
        "delivery.opened": "Delivery opened",
        "delivery.resent": "Delivery sent again",
        "suppression.lifted": "Bounced address allowed again",
    },
    "Appointment types and reminders": {
        "appointment_type.created": "Appointment type created",
        "appointment_type.changed": "Appointment type changed",
        "appointment_type.deactivated": "Appointment type deactivated",
        "appointment_type.deleted": "Appointment type deleted",
        "reminder_rule.created": "Reminder added",
        "reminder_rule.changed": "Reminder changed",
        "reminder_rule.removed": "Reminder removed",
        "reminder_rule.restored": "Reminder put back",
    },
    "Doctors and their hours": {
        "doctor.added": "Doctor added",
        "doctor.created": "Doctor created",
        "doctor.changed": "Doctor changed",
        "doctor.contact_changed": "Doctor’s contact changed",
        "doctor.timezone_changed": "Doctor’s time zone changed",
        "doctor.notices_changed": "Doctor’s notices chosen",
        "doctor.deactivated": "Doctor deactivated",
        "doctor.reactivated": "Doctor activated again",
        "bookings.stopped": "New bookings stopped",
        "bookings.stop_lifted": "New bookings possible again",
        "availability_window.added": "Hours added",
        "availability_window.changed": "Hours changed",
        "availability_window.removed": "Hours removed",
        "availability_day.copy_undone": "Copied hours taken back",
        "availability_day.copied": "Hours copied to other days",
        "availability_override.added": "Hours of one date set",
        "availability_override.changed": "Hours of one date changed",
        "availability_override.removed": "Hours of one date removed",
        "time_off.added": "Time off added",
        "time_off.changed": "Time off changed",
        "time_off.removed": "Time off removed",
        "meeting_room.renewed": "Meeting room renewed",
        "calendar_feed.created": "Calendar feed made",
        "calendar_feed.renewed": "Calendar feed renewed",
        "calendar_feed.revoked": "Calendar feed ended",
    },
    "Team and organisation": {
        "member.added": "Member added",
        "member.invited": "Member invited",
        "member.invited_again": "Invitation sent again",
        "member.invitation_withdrawn": "Invitation withdrawn",
        "member.role_changed": "Role changed",
        "member.removed": "Member removed",
        "member.reminders_on": "Admin reminders switched on",
        "member.reminders_off": "Admin reminders switched off",
        "membership.created": "Membership created",
        "membership.changed": "Membership changed",
        "user.created": "User created",
        "user.changed": "User changed",
        "organisation.created": "Organisation created",
        "organisation.changed": "Organisation changed",
        "shop.created": "Shop created",
        "shop.changed": "Shop changed",
        "audit_log.exported": "Audit log exported",
    },
}
ACTIONS = {action: words for group in GROUPS.values() for action, words in group.items()}

KINDS: dict[str, str] = {
    ActorKind.ADMIN: "team",
    ActorKind.DOCTOR: "doctor",
    ActorKind.PATIENT: "patient",
    ActorKind.PARTNER: "API",
    ActorKind.STAFF: "RxScale team",
    ActorKind.SYSTEM: "automatic",
}

_UID = "_uid"
_NAMES = {
    "minutes_before": "time",
    "recipient_group": "whom",
    "send_email": "e-mail",
    "send_sms": "SMS",
}

_PAGES = {
    "pp": "clinic:patient",
    "mtg": "clinic:appointment",
    "doc": "clinic:doctor",
    "at": "clinic:type",
    "bsk": "clinic:secret",
    "ns": "clinic:subscription",
    "shop": "clinic:shop",
}


def action_in_words(action: str) -> str:
    """Every action has words; one that is not listed above reads as it is spelt."""
    spelt = action.replace(".", " ").replace("_", " ").strip().capitalize()
    return ACTIONS.get(action, spelt)


def details_in_words(details: Mapping[str, object]) -> str:
    """E.g. `fields: mobile phone, timezone · role: admin`; nothing said is left out, uids come last."""
    said = [(name, value) for name, value in details.items() if value not in (None, "", [])]
    said.sort(key=lambda pair: pair[0].endswith(_UID))  # stable: else as the entry has them
    return " · ".join(f"{_plain(name)}: {_value(name, value)}" for name, value in said)


def url_of(uid: str) -> str:
    """The page of that thing, "" when it has none of its own."""
    route = _PAGES.get(uid.partition("-")[0])
    return reverse(route, args=[uid]) if route else ""


def _plain(name: str) -> str:
    return _NAMES.get(name, name.removesuffix(_UID).replace("_", " "))


def _value(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "minutes_before" and isinstance(value, int):
        return f"{length(value)} before"
    if isinstance(value, list):
        return ", ".join(_plain(str(item)) if name == "fields" else str(item) for item in value)
    return str(value)
