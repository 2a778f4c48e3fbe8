"""Appointment types and their rules."""

from typing import Annotated, Any, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field, StrictBool, StrictInt

from api.auth import KeyRequest
from api.errors import not_found
from api.openapi import listing_responses, reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import find_doctors, find_type
from api.rendering import json_answer, nothing
from api.representations import Epoch, Page
from api.strict import Body, LongText, Name, StrictSchema, Subset, Text, left_out
from appointments import types
from appointments.models import AppointmentType
from common.clock import to_epoch
from organisations.models import Permission

from .acting import act, keyed

router = Router(tags=["Appointment types"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)

_BOUNDS: dict[str, Any] = {
    name: {"ge": least, "le": most} for name, least, most in AppointmentType.BOUNDS
}
_COLUMNS = (*_BOUNDS, "name", "description", "rebooking_mode", "is_active")


def _bounded(name: str, **more: Any) -> Any:
    return Field(**_BOUNDS[name], **more)


def _rule(name: str) -> Any:
    """With the column's own default."""
    column: Any = AppointmentType._meta.get_field(name)
    return _bounded(name, default=column.default)


class TypeRequest(StrictSchema):
    name: Name
    description: LongText = ""
    duration_minutes: StrictInt = _bounded("duration_minutes")
    hold_ttl_seconds: StrictInt = _rule("hold_ttl_seconds")
    cancellation_notice_minutes: StrictInt = _rule("cancellation_notice_minutes")
    rebooking_notice_minutes: StrictInt = _rule("rebooking_notice_minutes")
    min_booking_notice_minutes: StrictInt = _rule("min_booking_notice_minutes")
    booking_horizon_days: StrictInt = _rule("booking_horizon_days")
    slot_interval_minutes: StrictInt = _bounded(
        "slot_interval_minutes", default_factory=left_out, description="Left out: the duration."
    )
    buffer_before_minutes: StrictInt = _rule("buffer_before_minutes")
    buffer_after_minutes: StrictInt = _rule("buffer_after_minutes")
    rebooking_mode: Literal["same_doctor", "any_doctor"] = "same_doctor"
    is_active: StrictBool = True
    doctor_uids: list[Text] = Field([], max_length=1000)


class TypeChanges(Subset, TypeRequest):
    """What is given takes the place of what was; `doctor_uids` as a whole."""


class ClinicAppointmentType(Schema):
    uid: str
    name: str
    description: str
    duration_minutes: int
    hold_ttl_seconds: int
    cancellation_notice_minutes: int
    rebooking_notice_minutes: int
    min_booking_notice_minutes: int
    booking_horizon_days: int
    slot_interval_minutes: int
    buffer_before_minutes: int
    buffer_after_minutes: int
    rebooking_mode: Literal["same_doctor", "any_doctor"]
    meeting_type: Literal["CONSULTATION"]
    is_active: bool
    doctor_uids: list[str]
    created_at: Epoch
    updated_at: Epoch


class ClinicAppointmentTypes(Page):
    data: list[ClinicAppointmentType]


@router.get("/appointment-types", response=listing_responses(ClinicAppointmentTypes))
def appointment_types(request: KeyRequest, query: Query[PageQuery]) -> HttpResponse:
    """All of them, inactive ones too, by name."""
    rows = AppointmentType.objects.of(request.auth.organisation).prefetch_related("doctors")
    page, totals = page_of(rows.order_by("name", "uid"), query)
    return json_answer({"data": [represented(kind) for kind in page], **totals})


@router.post(
    "/appointment-types", response=writing_responses(201, ClinicAppointmentType), auth=WRITE
)
def add_appointment_type(
    request: KeyRequest, body: Annotated[TypeRequest, Body(...)]
) -> HttpResponse:
    """A new type, bookable at once by the doctors named."""
    acting = act(request)
    kind = AppointmentType(organisation=acting.organisation, **_columns(body))
    doctors = find_doctors(acting.organisation, body.doctor_uids)
    types.add_type(kind, doctors=doctors, actor=acting.actor, now=acting.now)
    return json_answer(represented(kind), status=201)


@router.get("/appointment-types/{uid}", response=reading_responses(ClinicAppointmentType))
def appointment_type(request: KeyRequest, uid: Text) -> HttpResponse:
    """One type."""
    return json_answer(represented(find_type(request.auth.organisation, uid)))


@router.patch(
    "/appointment-types/{uid}",
    response=writing_responses(200, ClinicAppointmentType),
    auth=WRITE,
)
def change_appointment_type(
    request: KeyRequest, uid: Text, body: Annotated[TypeChanges, Body(TypeChanges())]
) -> HttpResponse:
    """Bookings from now on obey the change; booked visits keep the rules they were made under."""
    acting = act(request)
    kind = find_type(acting.organisation, uid)
    doctors = None
    if "doctor_uids" in body.model_fields_set:
        doctors = find_doctors(acting.organisation, body.doctor_uids)
    try:
        changed = types.change_type(
            kind, _columns(body), doctors=doctors, actor=acting.actor, now=acting.now
        )
    except AppointmentType.DoesNotExist:  # somebody else has deleted it just now
        raise not_found() from None
    return json_answer(represented(changed))


@router.delete(
    "/appointment-types/{uid}",
    response={**writing_responses(204, None), 200: ClinicAppointmentType},
    auth=WRITE,
)
def delete_appointment_type(request: KeyRequest, uid: Text) -> HttpResponse:
    """204 when nothing was ever booked; otherwise 200 and the type, inactive from now on."""
    acting = act(request)
    kind = find_type(acting.organisation, uid)
    left = types.remove_type(kind, actor=acting.actor, now=acting.now)
    return nothing() if left is None else json_answer(represented(left))


def represented(kind: AppointmentType) -> dict[str, object]:
    return {
        "uid": kind.uid,
        **{name: getattr(kind, name) for name in _COLUMNS},
        "meeting_type": "CONSULTATION",
        "doctor_uids": sorted(doctor.uid for doctor in kind.doctors.all()),
        "created_at": to_epoch(kind.created_at),
        "updated_at": to_epoch(kind.updated_at),
    }


def _columns(body: TypeRequest) -> dict[str, Any]:
    given = body.given()
    given.pop("doctor_uids", None)
    return given
