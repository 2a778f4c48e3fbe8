"""What a caller may see, and as whom a call acts: a token is its patient, a key is the partner."""

from dataclasses import asdict, dataclass
from datetime import datetime

from django.http import HttpResponse

from api.auth import ApiRequest, Caller, KeyCaller, TokenCaller, address_of
from api.errors import found, missing_parameters
from api.reach import appointments_of_key, find_type, named_doctor, patients_of_key
from api.rendering import json_answer
from appointments import events
from appointments.models import Appointment, AppointmentQuerySet, AppointmentType
from organisations import patients
from organisations.actors import Actor, ActorKind
from organisations.models import Doctor, Organisation, Patient
from organisations.patients import FieldWarning


@dataclass(frozen=True, slots=True)
class Acting:
    """A call that changes something: its actor, and what the answer must say about the profile."""

    caller: Caller
    actor: Actor
    now: datetime
    patient: Patient | None = None
    warnings: tuple[FieldWarning, ...] = ()

    @property
    def organisation(self) -> Organisation:
        return self.caller.organisation

    def appointment(self, uid: str) -> Appointment:
        """The caller's own appointment, else the 404."""
        return find_appointment(self.caller, uid)

    def appointment_type(self, uid: str) -> AppointmentType:
        return find_type(self.organisation, uid)

    def doctor(self, uid: str | None) -> Doctor | None:
        return named_doctor(self.organisation, uid)

    def answer(self, appointment: Appointment, *, status: int = 200) -> HttpResponse:
        body = represented(appointment, now=self.now)
        return self.answer_with(body, status=status)

    def answer_with(self, body: dict[str, object], *, status: int) -> HttpResponse:
        if self.warnings:
            body["warnings"] = [asdict(warning) for warning in self.warnings]
        return json_answer(body, status=status)


def act(request: ApiRequest, *, now: datetime) -> Acting:
    """With a token the patient is created or brought up to date; a GET must not come here."""
    caller = request.auth
    address = address_of(request) or None
    if isinstance(caller, KeyCaller):
        key = caller.key
        return Acting(caller, Actor(ActorKind.PARTNER, key.uid, key.name, address), now)
    token = caller.token
    upserted = patients.upsert(token.shop, token.shop_customer_id, token.profile_fields, now=now)
    patient = upserted.patient
    # The history names the patient by uid alone: their name would outlive an erasure there.
    actor = Actor(ActorKind.PATIENT, patient.uid, "Patient", address)
    return Acting(caller, actor, now, patient, tuple(upserted.warnings))


def appointments_of(caller: Caller) -> AppointmentQuerySet:
    """Everything the caller may know of, loaded for display: a token its patient's, a key its organisation's."""
    if isinstance(caller, KeyCaller):
        return appointments_of_key(caller)
    token = caller.token
    return (
        Appointment.objects.of(caller.organisation)
        .for_display()
        .filter(patient__shop=token.shop, patient__shop_customer_id=token.shop_customer_id)
    )


def find_appointment(caller: Caller, uid: str) -> Appointment:
    return found(appointments_of(caller).filter(uid=uid).one_or_none())


def named_patient(caller: KeyCaller, uid: str, *, shop_uid: str | None = None) -> Patient:
    """The patient a key's call names; 404 when absent, foreign, or not of that shop."""
    rows = patients_of_key(caller)
    if shop_uid is not None:
        rows = rows.filter(shop__uid=shop_uid)
    return found(rows.filter(uid=uid).one_or_none())


def listed_for(caller: Caller, patient_profile_uid: str | None) -> AppointmentQuerySet:
    """Whose appointments a list shows: the token's patient's, or those of whom the key names."""
    rows = appointments_of(caller)
    if isinstance(caller, TokenCaller):
        return rows
    if patient_profile_uid is None:
        raise missing_parameters(["patient_profile_uid"])
    return rows.filter(patient=named_patient(caller, patient_profile_uid))


def represented(appointment: Appointment, *, now: datetime) -> dict[str, object]:
    return events.representation(appointment, now=now, shows_staff_reason=False)
