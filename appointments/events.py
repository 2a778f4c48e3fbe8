"""What programs are told of an appointment: the contract's representation, and its event."""

from datetime import datetime

from common.clock import epoch_or_none, to_epoch
from notifications.models import EventType
from notifications.outbox import NewEvent
from organisations.actors import ActorKind

from . import links
from .models import Appointment
from .status import Status

REBOOKED = "rebooked"

# Become null for subscriptions without contact.
CONTACT_PATHS = ("patient_display_name", "join_url")


def representation(
    appointment: Appointment, *, now: datetime, shows_staff_reason: bool
) -> dict[str, object]:
    """The contract's appointment object, its keys in the contract's order; a query when not `for_display`.

    `shows_staff_reason` is for the clinic's own eyes (Management API): a reason given by staff is
    the staff's, never the patient's or the partner's.
    """
    status = appointment.status_at(now)
    return {
        "uid": appointment.uid,
        "status": str(status),
        **_parties(appointment),
        "client_reference": appointment.client_reference or None,
        "starts_at": to_epoch(appointment.starts_at),
        "ends_at": to_epoch(appointment.ends_at),
        "timezone": appointment.doctor.timezone,
        "hold_expires_at": epoch_or_none(appointment.hold_expires_at),
        "confirmed_at": epoch_or_none(appointment.confirmed_at),
        **_cancellation(appointment, shows_staff_reason=shows_staff_reason),
        "status_changed_by": _changed_by(appointment, status),
        **_chain(appointment),
        "rebooking_mode": appointment.rebooking_mode,
        "cancellable_until": to_epoch(appointment.cancellable_until),
        "rebookable_until": to_epoch(appointment.rebookable_until),
        "join_url": links.join_url(appointment) if status == Status.CONFIRMED else None,
        "created_at": to_epoch(appointment.created_at),
        "updated_at": to_epoch(appointment.updated_at),
    }


def meeting_updated(
    appointment: Appointment, *, previous_status: Status | None, now: datetime
) -> NewEvent:
    """The event of the change of status the row has just been through, under the row's lock.

    Until a visit has been confirmed it is a hold's event, for those who asked for holds.
    """
    data = representation(appointment, now=now, shows_staff_reason=False)
    data["previous_status"] = None if previous_status is None else str(previous_status)
    return NewEvent(
        organisation_id=appointment.organisation_id,
        shop_id=appointment.shop_id,
        event_type=EventType.MEETING_UPDATED,
        subject_uid=appointment.uid,
        about_uid=appointment.uid,
        timestamp=appointment.last_event_timestamp,
        data=data,
        contact_paths=CONTACT_PATHS,
        is_hold_event=appointment.confirmed_at is None,
    )


def _parties(appointment: Appointment) -> dict[str, object]:
    """From `doctor_uid` to `shop_customer_id`."""
    patient, kind = appointment.patient, appointment.appointment_type
    return {
        "doctor_uid": appointment.doctor.uid,
        "doctor_display_name": appointment.doctor.display_name,
        "patient_uid": patient.uid,
        "patient_display_name": patient.display_name or None,
        "appointment_type_uid": kind.uid,
        "appointment_type_name": kind.name,
        "meeting_type": appointment.meeting_type,
        "shop_uid": appointment.shop.uid,
        "shop_identifier": appointment.shop.identifier,
        "shop_customer_id": patient.shop_customer_id,
    }


def _cancellation(appointment: Appointment, *, shows_staff_reason: bool) -> dict[str, object]:
    reason = appointment.cancellation_reason
    is_by_staff = appointment.cancelled_by in (ActorKind.ADMIN, ActorKind.DOCTOR)
    if is_by_staff and reason != REBOOKED and not shows_staff_reason:
        reason = ""
    return {
        "cancelled_at": epoch_or_none(appointment.cancelled_at),
        "cancelled_by": appointment.cancelled_by or None,
        "cancellation_reason": reason or None,
        "cancellation_message": appointment.cancellation_message or None,
    }


def _changed_by(appointment: Appointment, status: Status) -> str:
    """A hold that ran out was ended by time, whether or not the manager has written it down."""
    return str(appointment.status_changed_by if status == appointment.status else ActorKind.SYSTEM)


def _chain(appointment: Appointment) -> dict[str, object]:
    successor: Appointment | None = getattr(appointment, "rebooked_to", None)
    return {
        "previous_meeting_uid": appointment.previous.uid if appointment.previous else None,
        "rebooked_to_uid": successor.uid if successor else None,
    }
