"""Doctors, how they are reached and whose clock they live by."""

from typing import Annotated

from django.db import transaction
from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from api.auth import KeyRequest
from api.openapi import listing_responses, reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import find_doctor
from api.rendering import json_answer
from api.representations import Epoch, Page
from api.strict import Body, StrictSchema, Subset, Text
from appointments import availability_edits
from common.clock import to_epoch
from organisations import doctors
from organisations.models import Doctor, Permission

from .acting import act, keyed

router = Router(tags=["Doctors"], auth=keyed(Permission.SCHEDULING_READ))


class _Changeable(StrictSchema):
    mobile_phone: Text | None = Field(description="With its country code; null or blank: none.")
    timezone: Text = Field(description="An IANA name. Hours move with it, booked visits stay.")


class DoctorChanges(Subset, _Changeable):
    """What is given takes the place of what was."""


class ClinicDoctor(Schema):
    uid: str
    display_name: str
    timezone: str
    email: str | None
    mobile_phone: str | None = Field(description="E.164; for text message reminders.")
    is_active: bool
    created_at: Epoch


class ClinicDoctors(Page):
    data: list[ClinicDoctor]


@router.get("/doctors", response=listing_responses(ClinicDoctors))
def clinic_doctors(request: KeyRequest, query: Query[PageQuery]) -> HttpResponse:
    """All of them, inactive ones too, by name."""
    rows = Doctor.objects.of(request.auth.organisation).select_related("user")
    page, totals = page_of(rows.order_by("display_name", "uid"), query)
    return json_answer({"data": [_represented(doctor) for doctor in page], **totals})


@router.get("/doctors/{uid}", response=reading_responses(ClinicDoctor))
def clinic_doctor(request: KeyRequest, uid: Text) -> HttpResponse:
    """One doctor."""
    return json_answer(_represented(find_doctor(request.auth.organisation, uid)))


@router.patch(
    "/doctors/{uid}",
    response=writing_responses(200, ClinicDoctor),
    auth=keyed(Permission.SCHEDULING_ADMIN),
)
def change_doctor(
    request: KeyRequest, uid: Text, body: Annotated[DoctorChanges, Body(DoctorChanges())]
) -> HttpResponse:
    """Another number or zone. A change of the zone is mailed to the doctor."""
    acting = act(request)
    doctor, given = find_doctor(acting.organisation, uid), body.given()
    with transaction.atomic():  # both or neither
        if "mobile_phone" in given:
            number = given["mobile_phone"] or ""
            doctors.change_contact(doctor, mobile_phone=number, actor=acting.actor, now=acting.now)
        if "timezone" in given:
            availability_edits.change_timezone(
                doctor, timezone=given["timezone"], actor=acting.actor, now=acting.now
            )
    return json_answer(_represented(doctor))


def _represented(doctor: Doctor) -> dict[str, object]:
    address = doctor.email or (doctor.user.email if doctor.user else "")
    return {
        "uid": doctor.uid,
        "display_name": doctor.display_name,
        "timezone": doctor.timezone,
        "email": address or None,
        "mobile_phone": doctor.mobile_phone or None,
        "is_active": doctor.is_active,
        "created_at": to_epoch(doctor.created_at),
    }
