"""Appointments of the clinic, read and moved as its admins do."""

from collections.abc import Callable
from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router
from pydantic import Field

from api.auth import KeyRequest
from api.errors import found
from api.filters import AppointmentFilters, filtered
from api.openapi import (
    IDEMPOTENCY_PARAMETER,
    listing_responses,
    moving_responses,
    reading_responses,
)
from api.paging import page_of
from api.reach import appointments_of_key, named_doctor
from api.rendering import json_answer
from api.representations import Appointment, AppointmentPage
from api.strict import Body, Instant, LongText, Nothing, StrictSchema, Text
from appointments import lifecycle, models
from appointments.events import representation
from common.clock import from_epoch, utc_now
from organisations.models import Permission

from .acting import Acting, act, keyed

router = Router(tags=["Appointments"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)


class ClinicAppointmentsQuery(AppointmentFilters):
    doctor_uid: Text | None = None
    patient_uid: Text | None = Field(None, description="The `patient_profile_uid`.")


class ClinicCancelRequest(StrictSchema):
    reason: Text = Field(description="For the clinic alone; neither patient nor partner sees it.")
    message: LongText | None = Field(None, description="What the patient is told.")
    on_behalf_of: Literal["patient", "doctor", "clinic"] | None = None


class ClinicRebookRequest(StrictSchema):
    starts_at: Instant
    doctor_uid: Text | None = None


@router.get("/appointments", response=listing_responses(AppointmentPage))
def appointments(request: KeyRequest, query: Query[ClinicAppointmentsQuery]) -> HttpResponse:
    """By start; without filters those held or confirmed that have not ended."""
    now = utc_now()
    rows = appointments_of_key(request.auth)
    if query.doctor_uid is not None:
        rows = rows.filter(doctor__uid=query.doctor_uid)
    if query.patient_uid is not None:
        rows = rows.filter(patient__uid=query.patient_uid)
    page, totals = page_of(filtered(rows, query, now=now), query)
    data = [representation(row, now=now, shows_staff_reason=True) for row in page]
    return json_answer({"data": data, **totals})


@router.get("/appointments/{uid}", response=reading_responses(Appointment))
def appointment(request: KeyRequest, uid: Text) -> HttpResponse:
    """One appointment as it is now, with the reason the clinic's staff gave."""
    row = found(appointments_of_key(request.auth).filter(uid=uid).one_or_none())
    return json_answer(representation(row, now=utc_now(), shows_staff_reason=True))


@router.post(
    "/appointments/{uid}/cancel",
    response=moving_responses(200, Appointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
    auth=WRITE,
)
def cancel(
    request: KeyRequest, uid: Text, body: Annotated[ClinicCancelRequest, Body(...)]
) -> HttpResponse:
    """End a hold or call a visit off, whatever its notice; patient and doctor are told."""

    def cancelled(visit: models.Appointment, acting: Acting) -> models.Appointment:
        return lifecycle.cancel(
            visit,
            reason=body.reason,
            message=body.message or "",
            on_behalf_of=body.on_behalf_of or "",
            actor=acting.actor,
            now=acting.now,
        )

    return _moved(request, uid, cancelled)


@router.post(
    "/appointments/{uid}/rebook",
    response=moving_responses(201, Appointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
    auth=WRITE,
)
def rebook(
    request: KeyRequest, uid: Text, body: Annotated[ClinicRebookRequest, Body(...)]
) -> HttpResponse:
    """Move a booked visit before its rebooking notice; the answer is the new appointment."""

    def rebooked(visit: models.Appointment, acting: Acting) -> models.Appointment:
        return lifecycle.rebook(
            visit,
            starts_at=from_epoch(body.starts_at),
            doctor=named_doctor(acting.organisation, body.doctor_uid),
            actor=acting.actor,
            now=acting.now,
        )

    return _moved(request, uid, rebooked, status=201)


@router.post(
    "/appointments/{uid}/complete",
    response=moving_responses(200, Appointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
    auth=WRITE,
)
def complete(
    request: KeyRequest, uid: Text, body: Annotated[Nothing, Body(Nothing())]
) -> HttpResponse:
    """The visit took place; from its start on. Also corrects a no-show."""
    return _moved(request, uid, _completed)


@router.post(
    "/appointments/{uid}/no-show",
    response=moving_responses(200, Appointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
    auth=WRITE,
)
def no_show(
    request: KeyRequest, uid: Text, body: Annotated[Nothing, Body(Nothing())]
) -> HttpResponse:
    """The patient did not come; from the start on. Also corrects a completed visit."""
    return _moved(request, uid, _missed)


Move = Callable[[models.Appointment, Acting], models.Appointment]


def _completed(visit: models.Appointment, acting: Acting) -> models.Appointment:
    return lifecycle.complete(visit, actor=acting.actor, now=acting.now)


def _missed(visit: models.Appointment, acting: Acting) -> models.Appointment:
    return lifecycle.mark_no_show(visit, actor=acting.actor, now=acting.now)


def _moved(request: KeyRequest, uid: str, move: Move, *, status: int = 200) -> HttpResponse:
    """Find the visit, move it, answer with it: once per idempotency key."""
    acting = act(request)

    def work() -> HttpResponse:
        visit = found(appointments_of_key(acting.caller).filter(uid=uid).one_or_none())
        answer = representation(move(visit, acting), now=acting.now, shows_staff_reason=True)
        return json_answer(answer, status=status)

    return acting.once(request, work)
