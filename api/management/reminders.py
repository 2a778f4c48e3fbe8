"""The reminder rules of an appointment type."""

from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field, StrictBool, StrictInt

from api.auth import KeyCaller, KeyRequest
from api.errors import found
from api.openapi import reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import find_type
from api.rendering import json_answer, nothing
from api.representations import Epoch, Page
from api.strict import Body, StrictSchema, Subset, Text
from common.clock import to_epoch
from organisations.models import Permission
from reminders import rules
from reminders.models import ReminderRule, ReminderRuleQuerySet

from .acting import act, keyed

router = Router(tags=["Reminders"], auth=keyed(Permission.SCHEDULING_READ))
WRITE = keyed(Permission.SCHEDULING_ADMIN)
ALL = "/appointment-types/{type_uid}/reminders"
ONE = f"{ALL}/{{uid}}"
Group = Literal["patient", "doctor", "admin"]
_LEAST, _MOST = rules.MINUTES_BEFORE


class ReminderRequest(StrictSchema):
    recipient_group: Group
    minutes_before: StrictInt = Field(ge=_LEAST, le=_MOST, description="Before the start.")
    send_email: StrictBool = False
    send_sms: StrictBool = False


class ReminderChanges(Subset, ReminderRequest):
    """What is given takes the place of what was, for all that has not been sent."""


class Reminder(Schema):
    uid: str
    recipient_group: Group
    minutes_before: int
    send_email: bool
    send_sms: bool
    created_at: Epoch


class Reminders(Page):
    data: list[Reminder]


@router.get(ALL, response=reading_responses(Reminders))
def reminders(request: KeyRequest, type_uid: Text, query: Query[PageQuery]) -> HttpResponse:
    """By group, the earliest first."""
    rows = _living(request.auth, type_uid).order_by("recipient_group", "-minutes_before")
    page, totals = page_of(rows, query)
    return json_answer({"data": [_represented(rule) for rule in page], **totals})


@router.post(ALL, response=writing_responses(201, Reminder, may_conflict=True), auth=WRITE)
def add_reminder(
    request: KeyRequest, type_uid: Text, body: Annotated[ReminderRequest, Body(...)]
) -> HttpResponse:
    """Remind this group of visits of this type from now on."""
    acting = act(request)
    kind = find_type(acting.organisation, type_uid)
    rule = rules.add_rule(kind, **body.model_dump(), actor=acting.actor, now=acting.now)
    return json_answer(_represented(rule), status=201)


@router.get(ONE, response=reading_responses(Reminder))
def reminder(request: KeyRequest, type_uid: Text, uid: Text) -> HttpResponse:
    """One reminder rule."""
    return json_answer(_represented(_find(request.auth, type_uid, uid)))


@router.patch(ONE, response=writing_responses(200, Reminder, may_conflict=True), auth=WRITE)
def change_reminder(
    request: KeyRequest,
    type_uid: Text,
    uid: Text,
    body: Annotated[ReminderChanges, Body(ReminderChanges())],
) -> HttpResponse:
    """An instant that has passed already of a visit still ahead fires with the next run."""
    acting = act(request)
    rule = _find(acting.caller, type_uid, uid)
    changed = rules.change_rule(rule, **body.given(), actor=acting.actor, now=acting.now)
    return json_answer(_represented(changed))


@router.delete(ONE, response=writing_responses(204, None), auth=WRITE)
def delete_reminder(request: KeyRequest, type_uid: Text, uid: Text) -> HttpResponse:
    """Remind no more; what was sent stays in the log."""
    acting = act(request)
    rule = _find(acting.caller, type_uid, uid)
    rules.remove_rule(rule, actor=acting.actor, now=acting.now)
    return nothing()


def _living(caller: KeyCaller, type_uid: str) -> ReminderRuleQuerySet:
    kind = find_type(caller.organisation, type_uid)
    rows = ReminderRule.objects.of(caller.organisation).living()
    return rows.filter(appointment_type=kind)


def _find(caller: KeyCaller, type_uid: str, uid: str) -> ReminderRule:
    return found(_living(caller, type_uid).filter(uid=uid).one_or_none())


def _represented(rule: ReminderRule) -> dict[str, object]:
    return {
        "uid": rule.uid,
        "recipient_group": rule.recipient_group,
        "minutes_before": rule.minutes_before,
        "send_email": rule.send_email,
        "send_sms": rule.send_sms,
        "created_at": to_epoch(rule.created_at),
    }
