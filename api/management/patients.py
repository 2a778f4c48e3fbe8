"""Patients: found or created by the shop's number, handed over as data, erased."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import AfterValidator, Field, StrictStr, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.auth import KeyRequest
from api.errors import found, missing_parameters
from api.openapi import reading_responses, writing_responses
from api.reach import find_shop, patients_of_key
from api.rendering import json_answer
from api.representations import Epoch, FieldWarning
from api.strict import Body, Nothing, StrictSchema, Text, storable
from appointments import patient_records
from common.clock import epoch_or_none
from organisations import audit, inputs, patients
from organisations.models import OwnedQuerySet, Patient, Permission

from .acting import Acting, act, keyed

router = Router(tags=["Patients"], auth=keyed(Permission.PATIENT_READ))
_WRITE = keyed(Permission.PATIENT_WRITE)
MAX_CUSTOMER_ID = 255

CustomerId = Annotated[
    StrictStr, Field(min_length=1, max_length=MAX_CUSTOMER_ID), AfterValidator(storable)
]


def _scalar(value: object) -> object:
    """A text, a number, true, false or null. What a field makes of it is the profile's business."""
    if isinstance(value, dict | list):
        raise PydanticCustomError("scalar", "This must be a text, a number, true, false or null.")
    return storable(value) if isinstance(value, str) else value


class ProfileField(StrictSchema):
    """As in a booking token's `patient_profile_fields`."""

    field: Text
    value: Annotated[
        Any,
        AfterValidator(_scalar),
        WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
    ] = Field(description='null and "" mean "not given" and change nothing.')
    source: Literal["shop"] = "shop"


class PatientRequest(StrictSchema):
    shop_uid: Text
    shop_customer_id: CustomerId
    email: Text | None = Field(None, description="Short for the field `email`.")
    fields: list[ProfileField] = Field([], max_length=100)


class ResolvedPatient(Schema):
    """`warnings` is there when a field could not be used; the earlier value stays then."""

    patient_profile_uid: str
    warnings: list[FieldWarning] | None = None


class PatientsQuery(Schema):
    """`email`, or `shop_uid` and `shop_customer_id`; together they narrow."""

    email: Text | None = None
    shop_uid: Text | None = None
    shop_customer_id: CustomerId | None = None


class PatientData(Schema):
    display_name: str | None
    email: str | None
    date_of_birth: str | None = Field(description="ISO 8601.")


class PatientProfile(Schema):
    uid: str = Field(description="The `patient_profile_uid`.")
    data: PatientData


class PatientExport(Schema):
    """Instants are ISO 8601 in UTC, those inside an appointment Unix seconds."""

    exported_at: str
    patient: dict[str, Any]
    appointments: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    suppressed_addresses: list[dict[str, Any]]


class ErasedPatient(Schema):
    uid: str
    erased_at: Epoch


@router.post(
    "/patients",
    response={200: ResolvedPatient, **writing_responses(201, ResolvedPatient)},
    auth=_WRITE,
)
def resolve_patient(
    request: KeyRequest, body: Annotated[PatientRequest, Body(...)]
) -> HttpResponse:
    """The patient of this number in this shop: 201 created, 200 known and brought up to date."""
    acting = act(request)
    fields = [(each.field, each.value) for each in body.fields]
    if body.email and body.email.strip():
        fields.insert(0, ("email", inputs.email_address("email", body.email)))
    shop = find_shop(request.auth, body.shop_uid)
    upserted = patients.upsert(shop, body.shop_customer_id, fields, now=acting.now)
    answer: dict[str, object] = {"patient_profile_uid": upserted.patient.uid}
    if upserted.warnings:
        answer["warnings"] = [asdict(warning) for warning in upserted.warnings]
    return json_answer(answer, status=201 if upserted.is_new else 200)


@router.get("/patients", response=reading_responses(PatientProfile))
def find_patient(request: KeyRequest, query: Query[PatientsQuery]) -> HttpResponse:
    """One patient. Of several with the address the newest: name the shop, too, to tell them apart."""
    acting = act(request)
    rows = _narrowed(patients_of_key(request.auth), query)
    patient = rows.order_by("-created_at", "-uid").first()
    audit.record(
        acting.organisation,
        "patients.searched",
        actor=acting.actor,
        now=acting.now,
        details={"found": int(patient is not None)},
    )
    return json_answer(_profile(found(patient)))


@router.get("/patients/{uid}", response=reading_responses(PatientProfile))
def patient(request: KeyRequest, uid: Text) -> HttpResponse:
    """Who it is. An erased patient has no data any more."""
    acting = act(request)
    person = _find(acting, uid)
    audit.record(
        acting.organisation,
        "patient.opened",
        actor=acting.actor,
        now=acting.now,
        object_uid=person.uid,
    )
    return json_answer(_profile(person))


@router.get("/patients/{uid}/export", response=reading_responses(PatientExport))
def export_patient(request: KeyRequest, uid: Text) -> HttpResponse:
    """Everything kept about the patient. In the clinic's audit log."""
    acting = act(request)
    data = patient_records.export(_find(acting, uid), actor=acting.actor, now=acting.now)
    return json_answer(data)


@router.post(
    "/patients/{uid}/erase",
    response=writing_responses(200, ErasedPatient, may_conflict=True),
    auth=_WRITE,
)
def erase_patient(
    request: KeyRequest, uid: Text, body: Annotated[Nothing, Body(Nothing())]
) -> HttpResponse:
    """Forget the patient for good. 409 `visits_open` while a visit is held or booked: cancel it first."""
    acting = act(request)
    erased = patient_records.erase(_find(acting, uid), actor=acting.actor, now=acting.now)
    return json_answer({"uid": erased.uid, "erased_at": epoch_or_none(erased.erased_at)})


def _find(acting: Acting, uid: str) -> Patient:
    return found(patients_of_key(acting.caller).filter(uid=uid).one_or_none())


def _narrowed(rows: OwnedQuerySet[Patient], query: PatientsQuery) -> OwnedQuerySet[Patient]:
    """Raises the 400 when neither way to name a patient is complete."""
    if query.email is None and query.shop_customer_id is None:
        raise missing_parameters(["email"])
    if query.shop_customer_id is not None:
        if query.shop_uid is None:
            raise missing_parameters(["shop_uid"])
        rows = rows.filter(shop_customer_id=query.shop_customer_id)
    if query.shop_uid is not None:
        rows = rows.filter(shop__uid=query.shop_uid)
    if query.email is not None:
        rows = rows.filter(email=query.email.strip().lower())
    return rows


def _profile(patient: Patient) -> dict[str, object]:
    born = patient.date_of_birth
    return {
        "uid": patient.uid,
        "data": {
            "display_name": patient.display_name or None,
            "email": patient.email or None,
            "date_of_birth": born.isoformat() if born else None,
        },
    }
