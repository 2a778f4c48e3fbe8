"""When a doctor works: the weekly rules. Every edit is mailed to the doctor."""

from typing import Annotated, Any

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from api.auth import KeyRequest
from api.openapi import reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import find_doctor
from api.rendering import json_answer, nothing
from api.representations import Page
from api.strict import Body, StrictSchema, Subset, Text
from appointments import availability_edits as edits
from availability.models import AvailabilityWindow
from availability.values import WindowValues
from organisations.models import Permission

from .acting import act, keyed
from .local_times import (
    WEEKDAYS,
    EndTime,
    LocalDate,
    StartTime,
    WeekdayName,
    edited,
    find_row,
    minute_of,
    time_of,
)

router = Router(tags=["Availability"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)
ALL = "/doctors/{doctor_uid}/availability-rules"
ONE = f"{ALL}/{{uid}}"


class RuleRequest(StrictSchema):
    """In the doctor's zone. An end before the start is on the next day; equal times are refused."""

    weekday: WeekdayName
    start_time: StartTime
    end_time: EndTime
    valid_from: LocalDate | None = Field(None, description="The first date it holds, inclusive.")
    valid_until: LocalDate | None = Field(None, description="The last date it holds, inclusive.")


class RuleChanges(Subset, RuleRequest):
    """What is given takes the place of what was."""


class AvailabilityRule(Schema):
    uid: str
    weekday: WeekdayName
    start_time: str
    end_time: str
    valid_from: str | None
    valid_until: str | None


class AvailabilityRules(Page):
    data: list[AvailabilityRule]


@router.get(ALL, response=reading_responses(AvailabilityRules))
def availability_rules(
    request: KeyRequest, doctor_uid: Text, query: Query[PageQuery]
) -> HttpResponse:
    """The doctor's weekly windows, from Monday on."""
    doctor = find_doctor(request.auth.organisation, doctor_uid)
    rows = AvailabilityWindow.objects.of(request.auth.organisation).filter(doctor=doctor)
    page, totals = page_of(rows.order_by("weekday", "start_minute", "valid_from", "uid"), query)
    return json_answer({"data": [_represented(window) for window in page], **totals})


@router.post(ALL, response=writing_responses(201, AvailabilityRule, may_conflict=True), auth=WRITE)
def add_availability_rule(
    request: KeyRequest, doctor_uid: Text, body: Annotated[RuleRequest, Body(...)]
) -> HttpResponse:
    """Open these hours every week. 409 `window_overlap` names the rules it would meet."""
    acting = act(request)
    doctor = find_doctor(acting.organisation, doctor_uid)
    values = _values(body.model_dump())
    window = edits.add_window(doctor, values, actor=acting.actor, now=acting.now)
    return json_answer(_represented(window), status=201)


@router.get(ONE, response=reading_responses(AvailabilityRule))
def availability_rule(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """One weekly window."""
    row = find_row(AvailabilityWindow, request.auth, doctor_uid, uid)
    return json_answer(_represented(row))


@router.patch(ONE, response=writing_responses(200, AvailabilityRule, may_conflict=True), auth=WRITE)
def change_availability_rule(
    request: KeyRequest,
    doctor_uid: Text,
    uid: Text,
    body: Annotated[RuleChanges, Body(RuleChanges())],
) -> HttpResponse:
    """Booked visits stay where they are."""
    acting = act(request)

    def find() -> AvailabilityWindow:
        return find_row(AvailabilityWindow, acting.caller, doctor_uid, uid)

    def edit(window: AvailabilityWindow) -> AvailabilityWindow:
        return edits.change_window(
            window,
            _values({**_fields(window), **body.given()}),
            actor=acting.actor,
            now=acting.now,
            expected=window.updated_at,
        )

    return json_answer(_represented(edited(find, edit)))


@router.delete(ONE, response=writing_responses(204, None), auth=WRITE)
def delete_availability_rule(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """Close these hours; booked visits stay where they are."""
    acting = act(request)
    window = find_row(AvailabilityWindow, acting.caller, doctor_uid, uid)
    edits.remove_window(window, actor=acting.actor, now=acting.now)
    return nothing()


def _fields(window: AvailabilityWindow) -> dict[str, Any]:
    """The row as a body would give it."""
    return {
        "weekday": WEEKDAYS[window.weekday],
        "start_time": time_of(window.start_minute),
        "end_time": time_of(window.end_minute),
        "valid_from": window.valid_from,
        "valid_until": window.valid_until,
    }


def _values(fields: dict[str, Any]) -> WindowValues:
    return WindowValues(
        weekday=WEEKDAYS.index(fields["weekday"]),
        start_minute=minute_of(fields["start_time"]),
        end_minute=minute_of(fields["end_time"]),
        valid_from=fields["valid_from"],
        valid_until=fields["valid_until"],
    )


def _represented(window: AvailabilityWindow) -> dict[str, object]:
    return {"uid": window.uid, **_fields(window)}  # orjson writes dates in ISO form
