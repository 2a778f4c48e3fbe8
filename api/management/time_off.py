"""A doctor's time off. Every edit is mailed to the doctor, whose own note stays their own."""

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
from availability.models import TimeOff
from availability.values import TimeOffValues
from organisations.models import Permission

from .acting import act, keyed
from .local_times import EndTime, LocalDate, StartTime, edited, find_row, minute_of, time_of

router = Router(tags=["Availability"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)
ALL = "/doctors/{doctor_uid}/time-off"
ONE = f"{ALL}/{{uid}}"


class TimeOffRequest(StrictSchema):
    """Closed from one local time to another."""

    start_date: LocalDate
    end_date: LocalDate = Field(description="Inclusive, up to `end_time`.")
    start_time: StartTime = "00:00"
    end_time: EndTime = "24:00"


class TimeOffChanges(Subset, TimeOffRequest):
    """What is given takes the place of what was."""


class TimeOffOut(Schema):
    uid: str
    start_date: str
    end_date: str
    start_time: str
    end_time: str


class TimesOff(Page):
    data: list[TimeOffOut]


@router.get(ALL, response=reading_responses(TimesOff))
def times_off(request: KeyRequest, doctor_uid: Text, query: Query[PageQuery]) -> HttpResponse:
    """By start; past ones, too."""
    doctor = find_doctor(request.auth.organisation, doctor_uid)
    rows = TimeOff.objects.of(request.auth.organisation).filter(doctor=doctor)
    page, totals = page_of(rows.order_by("start_date", "start_minute", "uid"), query)
    return json_answer({"data": [_represented(time_off) for time_off in page], **totals})


@router.post(ALL, response=writing_responses(201, TimeOffOut), auth=WRITE)
def add_time_off(
    request: KeyRequest, doctor_uid: Text, body: Annotated[TimeOffRequest, Body(...)]
) -> HttpResponse:
    """Offer nothing in that time; it may overlap other time off. Booked visits stay."""
    acting = act(request)
    doctor = find_doctor(acting.organisation, doctor_uid)
    values = _values(body.model_dump())
    time_off = edits.add_time_off(doctor, values, actor=acting.actor, now=acting.now)
    return json_answer(_represented(time_off), status=201)


@router.get(ONE, response=reading_responses(TimeOffOut))
def time_off(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """One time off."""
    return json_answer(_represented(find_row(TimeOff, request.auth, doctor_uid, uid)))


@router.patch(ONE, response=writing_responses(200, TimeOffOut), auth=WRITE)
def change_time_off(
    request: KeyRequest,
    doctor_uid: Text,
    uid: Text,
    body: Annotated[TimeOffChanges, Body(TimeOffChanges())],
) -> HttpResponse:
    """Another span. Booked visits stay where they are."""
    acting = act(request)

    def find() -> TimeOff:
        return find_row(TimeOff, acting.caller, doctor_uid, uid)

    def edit(row: TimeOff) -> TimeOff:
        return edits.change_time_off(
            row,
            _values({**_fields(row), **body.given()}, note=row.note),
            actor=acting.actor,
            now=acting.now,
            expected=row.updated_at,
        )

    return json_answer(_represented(edited(find, edit)))


@router.delete(ONE, response=writing_responses(204, None), auth=WRITE)
def delete_time_off(request: KeyRequest, doctor_uid: Text, uid: Text) -> HttpResponse:
    """The doctor's hours hold again in that time."""
    acting = act(request)
    row = find_row(TimeOff, acting.caller, doctor_uid, uid)
    edits.remove_time_off(row, actor=acting.actor, now=acting.now)
    return nothing()


def _fields(row: TimeOff) -> dict[str, Any]:
    """The row as a body would give it."""
    return {
        "start_date": row.start_date,
        "end_date": row.end_date,
        "start_time": time_of(row.start_minute),
        "end_time": time_of(row.end_minute),
    }


def _values(fields: dict[str, Any], *, note: str = "") -> TimeOffValues:
    return TimeOffValues(
        start_date=fields["start_date"],
        end_date=fields["end_date"],
        start_minute=minute_of(fields["start_time"]),
        end_minute=minute_of(fields["end_time"]),
        note=note,
    )


def _represented(row: TimeOff) -> dict[str, object]:
    return {"uid": row.uid, **_fields(row)}  # orjson writes dates in ISO form
