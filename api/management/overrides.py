"""Dates of a doctor with hours of their own. Every edit is mailed to the doctor."""

from dataclasses import replace
from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from api.auth import KeyRequest
from api.errors import bad_input
from api.openapi import reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import find_doctor
from api.rendering import json_answer, nothing
from api.representations import Page
from api.strict import Body, StrictSchema, Subset, Text
from appointments import availability_edits as edits
from availability.errors import Invalid
from availability.models import AvailabilityOverride
from availability.values import OverrideValues, checked_hours
from availability.windows import Hours
from organisations.models import Permission

from .acting import act, keyed
from .local_times import EndTime, LocalDate, StartTime, edited, find_row, minute_of, time_of

router = Router(tags=["Availability"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)
ALL = "/doctors/{doctor_uid}/availability-overrides"
ONE = f"{ALL}/{{uid}}"


class Span(StrictSchema):
    """An end before the start is on the next day."""

    start_time: StartTime
    end_time: EndTime


class OverrideRequest(StrictSchema):
    date: LocalDate
    hours: list[Span] = Field(max_length=50, description="None: closed that day.")


class OverrideChanges(Subset, OverrideRequest):
    """What is given takes the place of what was."""


class AvailabilityOverrideOut(Schema):
    uid: str
    date: str
    hours: list[Span]


class AvailabilityOverrides(Page):
    data: list[AvailabilityOverrideOut]


@router.get(ALL, response=reading_responses(AvailabilityOverrides))
def availability_overrides(
    request: KeyRequest, doctor_uid: Text, query: Query[PageQuery]
) -> HttpResponse:
    """By date."""
    doctor = find_doctor(request.auth.organisation, doctor_uid)
    rows = AvailabilityOverride.objects.of(request.auth.organisation).filter(doctor=doctor)
    page, totals = page_of(rows.order_by("date", "uid"), query)
    return json_answer({"data": [_represented(override) for override in page], **totals})


@router.post(
    ALL, response=writing_responses(201, AvailabilityOverrideOut, may_conflict=True), auth=WRITE
)
def add_availability_override(
    request: KeyRequest, doctor_uid: Text, body: Annotated[OverrideRequest, Body(...)]
) -> HttpResponse:
    """Hours of one date instead of the weekly ones. 409 `already_exists` when it has some."""
    acting = act(request)
    doctor = find_doctor(acting.organisation, doctor_uid)
    values = OverrideValues(body.date, _hours(body.hours))
    override = edits.add_override(doctor, values, actor=acting.actor, now=acting.now)
    return json_answer(_represented(override), status=201)


@router.get(ONE, response=reading_responses(AvailabilityOverrideOut))
def availability_override(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """One date."""
    row = find_row(AvailabilityOverride, request.auth, doctor_uid, uid)
    return json_answer(_represented(row))


@router.patch(
    ONE, response=writing_responses(200, AvailabilityOverrideOut, may_conflict=True), auth=WRITE
)
def change_availability_override(
    request: KeyRequest,
    doctor_uid: Text,
    uid: Text,
    body: Annotated[OverrideChanges, Body(OverrideChanges())],
) -> HttpResponse:
    """Other hours, or another date for them. 409 `already_exists` when that one has its own."""
    acting = act(request)
    given: dict[str, Any] = {}
    if "date" in body.model_fields_set:
        given["date"] = body.date
    if "hours" in body.model_fields_set:
        given["hours"] = _hours(body.hours)

    def find() -> AvailabilityOverride:
        return find_row(AvailabilityOverride, acting.caller, doctor_uid, uid)

    def edit(override: AvailabilityOverride) -> AvailabilityOverride:
        return edits.change_override(
            override,
            replace(OverrideValues.of(override), **given),
            actor=acting.actor,
            now=acting.now,
            expected=override.updated_at,
        )

    return json_answer(_represented(edited(find, edit)))


@router.delete(ONE, response=writing_responses(204, None), auth=WRITE)
def delete_availability_override(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """The weekly hours hold again on that date."""
    acting = act(request)
    override = find_row(AvailabilityOverride, acting.caller, doctor_uid, uid)
    edits.remove_override(override, actor=acting.actor, now=acting.now)
    return nothing()


def _hours(spans: list[Span]) -> tuple[Hours, ...]:
    """As they are stored; the 400 names the one that cannot be."""
    hours = []
    for number, span in enumerate(spans):
        try:
            hours.append(checked_hours(minute_of(span.start_time), minute_of(span.end_time)))
        except Invalid as error:
            raise bad_input({f"hours.{number}.{error.field}": [error.message]}) from error
    return tuple(hours)


def _represented(override: AvailabilityOverride) -> dict[str, object]:
    return {
        "uid": override.uid,
        "date": override.date,
        "hours": [
            {"start_time": time_of(start), "end_time": time_of(end)}
            for start, end in override.hours
        ],
    }
