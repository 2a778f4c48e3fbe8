"""Calling a visit off, or letting a hold go."""

from datetime import datetime

from organisations.actors import Actor, ActorKind

from . import notices
from .errors import Invalid, Refused
from .models import Appointment, OnBehalfOf
from .status import Status
from .transitions import PATIENT_NOT_TOLD, announce, move
from .verbs import lock_appointment, verb, wrong_status

# The clinic cancels whenever it has to; the notice binds these two.
BOUND_BY_NOTICE = (ActorKind.PATIENT, ActorKind.PARTNER)


@verb
def cancel(
    appointment: Appointment,
    *,
    reason: str = "",
    message: str = "",
    on_behalf_of: str = "",
    tell_patient: bool = True,
    actor: Actor,
    now: datetime,
) -> Appointment:
    """Cancel a running hold or a confirmed visit; of a confirmed one patient and doctor are told.

    Admins and doctors owe a `reason` and are not bound by the notice; their reason is never shown
    to patient or partner, `message` is. `on_behalf_of`: "patient", "doctor", "clinic" or "".
    Raises Invalid for the texts; Refused: wrong_status, cancellation_notice_passed.
    """
    reason, message = _checked(reason, message, on_behalf_of, actor)
    cancelled = lock_appointment(appointment)
    _refuse(cancelled, actor=actor, now=now)
    changes = move(
        [cancelled],
        Status.CANCELLED,
        actor=actor,
        now=now,
        reason=reason,
        note=_note(on_behalf_of, tell_patient=tell_patient),
        cancelled_at=now,
        cancelled_by=actor.kind,
        cancelled_on_behalf_of=on_behalf_of,
        cancellation_reason=reason,
        cancellation_message=message,
        invitation_sequence=cancelled.invitation_sequence + 1,
    )
    messages = notices.cancelled(cancelled, actor=actor, now=now, tell_patient=tell_patient)
    announce(changes, now=now, messages=messages)
    return cancelled


def _checked(reason: str, message: str, on_behalf_of: str, actor: Actor) -> tuple[str, str]:
    reason, message = reason.strip(), message.strip()
    if actor.is_staff_of_clinic and not reason:
        raise Invalid("reason", "Say why the appointment is cancelled.")
    for field, text, longest in (("reason", reason, 500), ("message", message, 2000)):
        if len(text) > longest:
            raise Invalid(field, f"At most {longest} characters.")
    if on_behalf_of and on_behalf_of not in OnBehalfOf.values:
        raise Invalid("on_behalf_of", "One of patient, doctor, clinic.")
    return reason, message


def _refuse(appointment: Appointment, *, actor: Actor, now: datetime) -> None:
    status = appointment.status_at(now)
    if status not in (Status.HELD, Status.CONFIRMED):
        raise wrong_status(appointment, now=now)
    is_late = now > appointment.cancellable_until
    if status == Status.CONFIRMED and is_late and actor.kind in BOUND_BY_NOTICE:
        raise Refused("cancellation_notice_passed")


def _note(on_behalf_of: str, *, tell_patient: bool) -> str:
    behalf = f"On behalf of the {on_behalf_of}." if on_behalf_of else ""
    return f"{behalf} {'' if tell_patient else PATIENT_NOT_TOLD}".strip()
