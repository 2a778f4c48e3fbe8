"""Appointment types and their reminders in words: lengths, rules, channels, whom a reminder reaches."""

from collections.abc import Sequence
from dataclasses import dataclass

from appointments.models import AppointmentType, RebookingMode
from portals.lengths import counted, length
from reminders.models import RecipientGroup, ReminderRule
from reminders.reach import Audience, Reach
from reminders.rules import Preview

GROUPS: dict[str, str] = {
    RecipientGroup.PATIENT: "Patient",
    RecipientGroup.DOCTOR: "Doctor",
    RecipientGroup.ADMIN: "Admins",
}
_MEMBERS: dict[str, tuple[str, str]] = {
    RecipientGroup.PATIENT: ("patient", "patients"),
    RecipientGroup.DOCTOR: ("doctor", "doctors"),
    RecipientGroup.ADMIN: ("admin", "admins"),
}
_MODES: dict[str, str] = {
    RebookingMode.SAME_DOCTOR: "With the same doctor only",
    RebookingMode.ANY_DOCTOR: "With any doctor who offers it",
}


@dataclass(frozen=True, slots=True)
class Note:
    """One sentence about whom a rule reaches. `is_warning`: somebody would not be told."""

    text: str
    is_warning: bool = False


def channels(rule: ReminderRule) -> str:
    chosen = [
        word for word, is_on in (("E-mail", rule.send_email), ("SMS", rule.send_sms)) if is_on
    ]
    return " and ".join(chosen) or "Event only"


def rules_in_words(kind: AppointmentType) -> list[tuple[str, str]]:
    """Label and value of every rule that is stamped on a visit or decides its slots."""

    def notice(minutes: int) -> str:
        return f"Until {length(minutes)} before" if minutes else "Until the start"

    earliest = kind.min_booking_notice_minutes
    return [
        ("Length", length(kind.duration_minutes)),
        ("A start every", length(kind.slot_interval_minutes)),
        (
            "Buffer before",
            length(kind.buffer_before_minutes) if kind.buffer_before_minutes else "None",
        ),
        (
            "Buffer after",
            length(kind.buffer_after_minutes) if kind.buffer_after_minutes else "None",
        ),
        ("Booked at the latest", f"{length(earliest)} before" if earliest else "Until the start"),
        ("Booked at the earliest", f"{counted(kind.booking_horizon_days, 'day')} before"),
        ("A hold lasts", _seconds(kind.hold_ttl_seconds)),
        ("Patients may cancel", notice(kind.cancellation_notice_minutes)),
        ("Visits can be moved", notice(kind.rebooking_notice_minutes)),
        ("Moved", _MODES[kind.rebooking_mode]),
        ("Meeting room", "Persistent per provider: one room per doctor"),
    ]


def _seconds(seconds: int) -> str:
    return length(seconds // 60) if seconds % 60 == 0 else counted(seconds, "second")


def notes(reach: Reach, *, group: str, send_email: bool, send_sms: bool) -> list[Note]:
    """Whom a rule with these switches reaches; what keeps somebody from being told is a warning."""
    audience = reach.audiences[group]
    if audience.total == 0 and group != RecipientGroup.PATIENT:
        return [_nobody(group)]
    if not (send_email or send_sms):
        return [_event_only(reach.subscriptions)]
    found = [_whom(group, audience.total)]
    if send_email:
        found += _missing(group, audience, audience.without_email, "no e-mail address")
        found += _opted_out(audience, audience.opted_out_of_email, "e-mail reminders")
    if send_sms:
        found += _missing(group, audience, audience.without_number, "no mobile number")
        found += _opted_out(audience, audience.opted_out_of_sms, "SMS reminders")
    return found


def _nobody(group: str) -> Note:
    if group == RecipientGroup.DOCTOR:
        return Note("No active doctor offers this type: nobody is told.", is_warning=True)
    return Note("No admin has reminders switched on: nobody is told.", is_warning=True)


def _event_only(subscriptions: int) -> Note:
    if subscriptions:
        words = counted(subscriptions, "notification subscription")
        return Note(f"We send nothing ourselves; {words} for this event.")
    text = "No subscription for this event: with both switches off nobody is told."
    return Note(text, is_warning=True)


def _whom(group: str, total: int) -> Note:
    if group == RecipientGroup.PATIENT:
        people = counted(total, "patient")
        return Note(f"Reaches {people} with a visit ahead." if total else "No visit is ahead yet.")
    if group == RecipientGroup.DOCTOR:
        offer = "offers" if total == 1 else "offer"
        return Note(
            f"Reaches the doctor of the visit; {counted(total, 'doctor')} {offer} this type."
        )
    return Note(f"Reaches {counted(total, 'admin')} with reminders switched on.")


def _missing(group: str, audience: Audience, number: int, what: str) -> list[Note]:
    if not number:
        return []
    verb = "has" if number == 1 else "have"
    return [
        Note(
            f"{number:,} of {counted(audience.total, *_MEMBERS[group])} {verb} {what}.",
            is_warning=True,
        )
    ]


def _opted_out(audience: Audience, number: int, what: str) -> list[Note]:
    verb = "has" if number == 1 else "have"
    return [Note(f"{number:,} of {audience.total:,} {verb} opted out of {what}.")] if number else []


def effect(preview: Preview) -> Sequence[Note]:
    """What saving does to the visits ahead."""
    if not preview.upcoming and not preview.too_close:
        return [Note("No upcoming visit gets it yet; visits booked from now on do.")]
    found = [Note(f"{counted(preview.upcoming, 'upcoming visit')} {_get(preview.upcoming)} it.")]
    if preview.at_once:
        found.append(
            Note(f"{preview.at_once:,} of them at once, with the next run.", is_warning=True)
        )
    if preview.too_close:
        verb = "is" if preview.too_close == 1 else "are"
        text = f"{counted(preview.too_close, 'visit')} {verb} too close and will not get it."
        found.append(Note(text, is_warning=True))
    return found


def _get(number: int) -> str:
    return "gets" if number == 1 else "get"
