"""Everything kept about one patient: handed over as data, or erased (GDPR articles 15 and 17).

Erasing keeps that a visit took place, when, and with whom, for the clinic's figures; it forgets who came.
"""

import secrets
from datetime import datetime
from urllib.parse import urlsplit

from django.db.models import Case, F, QuerySet, Value, When

from booking_secrets.models import BookingLaunchCode
from notifications import errors as sending
from notifications import suppressions
from notifications.forgetting import forget
from notifications.models import Channel, Delivery
from organisations import audit, patient_profiles
from organisations.actors import Actor, ActorKind
from organisations.models import Patient

from .errors import Refused
from .events import REBOOKED, representation
from .models import Appointment, AppointmentTransition
from .status import ACTIVE
from .verbs import locked_patient, verb

ERASED = "erased"
_KEPT_REASONS = ("", REBOOKED)


@verb
def export(patient: Patient, *, actor: Actor, now: datetime) -> dict[str, object]:
    """Profile, visits with their history, messages and suppressed addresses, ready for JSON. Audited.

    Instants are ISO 8601 in UTC, those inside an appointment epoch seconds as in the API. The reason
    given by staff is included.
    """
    visits = list(patient.appointments.for_display().order_by("starts_at", "pk"))
    histories = _histories(visits)
    audit.record(
        patient.organisation, "patient.exported", actor=actor, now=now, object_uid=patient.uid
    )
    return {
        "exported_at": now.isoformat(),
        "patient": _profile(patient),
        "appointments": [
            {
                **representation(visit, now=now, shows_staff_reason=True),
                "history": histories.get(visit.pk, []),
            }
            for visit in visits
        ],
        "messages": _messages(patient, [visit.uid for visit in visits]),
        "suppressed_addresses": [
            {"channel": row.channel, "address": row.address, "reason": row.reason}
            for row in suppressions.of_addresses(
                patient.organisation, [patient.email, patient.phone]
            )
        ],
    }


@verb
def erase(patient: Patient, *, actor: Actor, now: datetime) -> Patient:
    """Forget the patient for good: profile, messages, reasons and the links into the visits. Audited.

    Erased already: nothing happens. Answers that are kept for repeated API calls go within 24 hours by
    themselves. Raises Refused: `visits_open` (with `appointment_uids`) while a visit is held or booked,
    `message_leaving` while one is being sent.
    """
    person = locked_patient(patient)
    if person.erased_at is not None:
        return person
    visits = Appointment.objects.filter(patient=person)
    open_visits = visits.with_status_now(list(ACTIVE), now).order_by("starts_at")
    if uids := list(open_visits.values_list("uid", flat=True)):
        raise Refused("visits_open", appointment_uids=uids)
    messages = _forget_messages(person, now)
    _make_anonymous(visits, now)
    BookingLaunchCode.objects.filter(patient=person).delete()
    patient_profiles.wipe(person, now=now)
    audit.record(
        person.organisation,
        "patient.erased",
        actor=actor,
        now=now,
        object_uid=person.uid,
        details={"messages_removed": messages},
    )
    return person


def _make_anonymous(visits: QuerySet[Appointment], now: datetime) -> None:
    """Times, doctor and outcome stay; what somebody wrote, and the links that were mailed, do not."""
    AppointmentTransition.objects.filter(appointment__in=visits).exclude(
        reason__in=_KEPT_REASONS
    ).update(reason=ERASED)
    visits.update(
        client_reference="",
        cancellation_message="",
        link_nonce=secrets.token_urlsafe(
            16
        ),  # another nonce: links made with the old one lead nowhere
        cancellation_reason=Case(
            When(cancellation_reason__in=_KEPT_REASONS, then=F("cancellation_reason")),
            default=Value(ERASED),
        ),
        updated_at=now,
    )


def _forget_messages(person: Patient, now: datetime) -> int:
    uids = list(person.appointments.values_list("uid", flat=True))
    try:
        count = forget(person.organisation, uids, now=now)
    except sending.Refused as busy:
        raise Refused("message_leaving") from busy
    others = Patient.objects.filter(organisation=person.organisation).exclude(pk=person.pk)
    for row in suppressions.of_addresses(person.organisation, [person.email, person.phone]):
        by_channel = {Channel.EMAIL: "email__iexact", Channel.SMS: "phone"}
        if not others.filter(**{by_channel[Channel(row.channel)]: row.address}).exists():
            row.delete()
    return count


def _profile(patient: Patient) -> dict[str, object]:
    born = patient.date_of_birth
    return {
        "uid": patient.uid,
        "shop_uid": patient.shop.uid,
        "shop_identifier": patient.shop.identifier,
        "shop_customer_id": patient.shop_customer_id,
        "first_name": patient.first_name,
        "last_name": patient.last_name,
        "email": patient.email,
        "phone": patient.phone,
        "date_of_birth": born.isoformat() if born else None,
        "timezone": patient.timezone,
        "language": patient.language,
        "extra_fields": patient.extra_fields,
        "sent_by_the_shop": patient.shop_fields,
        "has_opted_out_of_email_reminders": patient.has_opted_out_of_email_reminders,
        "has_opted_out_of_sms_reminders": patient.has_opted_out_of_sms_reminders,
        "created_at": patient.created_at.isoformat(),
        "erased_at": patient.erased_at.isoformat() if patient.erased_at else None,
    }


def _histories(visits: list[Appointment]) -> dict[int, list[dict[str, object]]]:
    moves: dict[int, list[dict[str, object]]] = {}
    rows = AppointmentTransition.objects.filter(appointment__in=visits)
    for row in rows.order_by("id"):
        moves.setdefault(row.appointment_id, []).append(
            {
                "at": row.at.isoformat(),
                "from": row.from_status or None,
                "to": row.to_status,
                "by": row.actor_kind,
                # Who of the clinic or the partner it was is about them, not about the patient.
                "reason": row.reason or None,
                "note": row.note or None,
            }
        )
    return moves


def _messages(patient: Patient, about_uids: list[str]) -> list[dict[str, object]]:
    """What was said to the patient, and to which program what about them was told."""
    rows = (
        Delivery.objects.of(patient.organisation)
        .filter(about_uid__in=about_uids)
        .select_related("subscription")
        .order_by("pk")
    )
    return [
        _message(row)
        for row in rows
        if row.channel == Channel.WEBHOOK or row.recipient_group == ActorKind.PATIENT
    ]


def _message(row: Delivery) -> dict[str, object]:
    """Of a webhook's target the host only: its path may be a secret between clinic and partner."""
    target = urlsplit(row.subscription.target).hostname if row.subscription else None
    return {
        "appointment_uid": row.about_uid,
        "channel": row.channel,
        "kind": row.kind,
        "to": target or row.address,
        "state": row.state,
        "reason": row.reason or None,
        "created_at": row.created_at.isoformat(),
        "settled_at": row.settled_at.isoformat() if row.settled_at else None,
    }
