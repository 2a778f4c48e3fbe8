"""How the verbs say no: Refused (the state of things forbids it), Invalid (the input is bad)."""

from django.db import IntegrityError

# Every 409 code of the contract that a verb of this app answers, with what a person reads.
_MESSAGES = {
    "slot_taken": "This time has just been taken.",
    "slot_unavailable": "This time cannot be booked.",
    "hold_expired": "The hold has run out.",
    "wrong_status": "The appointment's status does not allow this.",
    "not_started": "The appointment has not started yet.",
    "cancellation_notice_passed": "It is too late to cancel this appointment.",
    "rebooking_notice_passed": "It is too late to move this appointment.",
    "rebooking_mode_violated": "This appointment can only be moved with the same doctor.",
    "patient_already_booked": "The patient already has a confirmed appointment at this time.",
    "too_many_holds": "The patient already holds as many times as allowed.",
    "visits_open": "The patient still has appointments that are held or booked.",
    "message_leaving": "A message about the patient is leaving at this moment. Try again in a minute.",
}

_BY_CONSTRAINT = {
    "appointment_no_doctor_twice_at_once": "slot_taken",
    "appointment_no_patient_twice_at_once": "patient_already_booked",
}


class Refused(Exception):
    """The answer 409: `code` of the contract, `message` for people, `details` beside the code."""

    def __init__(self, code: str, **details: object) -> None:
        self.code = code
        self.message = _MESSAGES[code]
        self.details = details
        self.is_counted = False  # for /metrics, see `verbs`
        super().__init__(code, details)


class Invalid(Exception):
    """The answer 400: `field` of the input and what is wrong with it."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(field, message)


def refusal_of(error: IntegrityError) -> Refused | None:
    """The refusal that the violated constraint's name stands for; None when it is a bug of ours."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name: str = getattr(diagnosis, "constraint_name", None) or ""
    if code := _BY_CONSTRAINT.get(name):
        return Refused(code)
    if name.startswith("appointments_appoint") and "_appointment_type_id_" in name:
        # Only a type that nobody ever booked is deleted: somebody was quicker than its first hold.
        return Refused("slot_unavailable", reason="not_offered")
    return None
