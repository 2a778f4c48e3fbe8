"""Holding, reading, confirming, cancelling and moving a patient's appointments."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Router

from api.auth import (
    KEY_HEADER,
    TOKEN_HEADER,
    Anonymous,
    ApiKeyHeader,
    ApiRequest,
    BookingTokenHeader,
    KeyCaller,
)
from api.errors import bad_input
from api.filters import filtered
from api.idempotency import once
from api.openapi import IDEMPOTENCY_PARAMETER, moving_responses, reading_responses
from api.paging import page_of
from api.rendering import json_answer
from api.representations import AnsweredAppointment, Appointment, AppointmentPage, Slots
from api.strict import Body, Text
from appointments import lifecycle
from appointments.openings import rebooking_openings
from common.clock import from_epoch, utc_now
from organisations.models import Patient, Permission

from . import schemas
from .acting import Acting, act, find_appointment, listed_for, named_patient, represented
from .ranges import checked_range, slots_answer

router = Router(
    tags=["Appointments"],
    auth=[
        BookingTokenHeader(),
        ApiKeyHeader(Permission.SCHEDULING_WRITE),
        Anonymous(TOKEN_HEADER, KEY_HEADER),
    ],
)


@router.post(
    "/appointments",
    response=moving_responses(201, AnsweredAppointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
)
def hold(request: ApiRequest, body: Annotated[schemas.HoldRequest, Body(...)]) -> HttpResponse:
    """Hold a slot: it is the patient's until `hold_expires_at`, and must be confirmed by then."""
    now = utc_now()
    acting = act(request, now=now)
    patient = acting.patient or _patient_of_key(request, body)

    def work() -> HttpResponse:
        held = lifecycle.hold(
            patient=patient,
            appointment_type=acting.appointment_type(body.appointment_type_uid),
            starts_at=from_epoch(body.starts_at),
            doctor=acting.doctor(body.doctor_uid),
            client_reference=body.client_reference or "",
            actor=acting.actor,
            now=now,
        )
        return acting.answer(held, status=201)

    return _once(request, acting, work, now=now)


@router.get("/appointments", response=reading_responses(AppointmentPage))
def appointments(request: ApiRequest, query: Query[schemas.AppointmentsQuery]) -> HttpResponse:
    """The patient's appointments; without filters those held or confirmed that have not ended."""
    now = utc_now()
    rows = filtered(listed_for(request.auth, query.patient_profile_uid), query, now=now)
    page, totals = page_of(rows, query)
    return json_answer({"data": [represented(row, now=now) for row in page], **totals})


@router.get("/appointments/{uid}", response=reading_responses(Appointment))
def appointment(request: ApiRequest, uid: Text) -> HttpResponse:
    """One appointment as it is now."""
    return json_answer(represented(find_appointment(request.auth, uid), now=utc_now()))


@router.post(
    "/appointments/{uid}/confirm",
    response=moving_responses(200, AnsweredAppointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
)
def confirm(
    request: ApiRequest,
    uid: Text,
    body: Annotated[schemas.NoFields, Body(schemas.NoFields())],
) -> HttpResponse:
    """Book what is held. Confirming again changes nothing."""
    now = utc_now()
    acting = act(request, now=now)

    def work() -> HttpResponse:
        found = acting.appointment(uid)
        return acting.answer(lifecycle.confirm(found, actor=acting.actor, now=now))

    return _once(request, acting, work, now=now)


@router.post(
    "/appointments/{uid}/cancel",
    response=moving_responses(200, AnsweredAppointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
)
def cancel(
    request: ApiRequest,
    uid: Text,
    body: Annotated[schemas.CancelRequest, Body(schemas.CancelRequest())],
) -> HttpResponse:
    """Let a hold go, or call a booked visit off before its cancellation notice."""
    now = utc_now()
    acting = act(request, now=now)

    def work() -> HttpResponse:
        found = acting.appointment(uid)
        cancelled = lifecycle.cancel(found, reason=body.reason or "", actor=acting.actor, now=now)
        return acting.answer(cancelled)

    return _once(request, acting, work, now=now)


@router.post(
    "/appointments/{uid}/rebook",
    response=moving_responses(201, AnsweredAppointment),
    openapi_extra=IDEMPOTENCY_PARAMETER,
)
def rebook(
    request: ApiRequest, uid: Text, body: Annotated[schemas.RebookRequest, Body(...)]
) -> HttpResponse:
    """Move a booked visit before its rebooking notice; the answer is the new appointment."""
    now = utc_now()
    acting = act(request, now=now)

    def work() -> HttpResponse:
        moved = lifecycle.rebook(
            acting.appointment(uid),
            starts_at=from_epoch(body.starts_at),
            doctor=acting.doctor(body.doctor_uid),
            actor=acting.actor,
            now=now,
        )
        return acting.answer(moved, status=201)

    return _once(request, acting, work, now=now)


@router.get("/appointments/{uid}/rebook-slots", response=reading_responses(Slots))
def rebook_slots(request: ApiRequest, uid: Text, query: Query[schemas.RangeQuery]) -> HttpResponse:
    """Slots this visit can be moved to, by its own mode and notice; none when it cannot be moved."""
    start, end = checked_range(query)
    visit = find_appointment(request.auth, uid)
    return slots_answer(rebooking_openings(visit, start=start, end=end, now=utc_now()))


def _once(
    request: ApiRequest, acting: Acting, work: Callable[[], HttpResponse], *, now: datetime
) -> HttpResponse:
    return once(request, work, organisation=acting.organisation, caller=acting.actor.uid, now=now)


def _patient_of_key(request: ApiRequest, body: schemas.HoldRequest) -> Patient:
    if not isinstance(request.auth, KeyCaller) or body.patient_profile_uid is None:
        raise bad_input({"patient_profile_uid": ["This field is required with an API key."]})
    return named_patient(request.auth, body.patient_profile_uid, shop_uid=body.shop_uid)
