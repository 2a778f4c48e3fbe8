"""Notification subscriptions: made, listed without their secrets, deleted, tested."""

from typing import Annotated, Literal

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import BeforeValidator, Field, RootModel, StrictBool, WithJsonSchema
from pydantic_core import PydanticCustomError

from api.auth import KeyCaller, KeyRequest
from api.errors import bad_input, found, missing_parameters, not_found
from api.openapi import listing_responses, writing_responses
from api.reach import named_shop
from api.rendering import json_answer, nothing
from api.representations import Epoch
from api.strict import Body, LongText, Nothing, StrictSchema, Text
from common.clock import epoch_or_none
from notifications import signing, subscriptions
from notifications.errors import Invalid, Refused
from notifications.models import (
    EventType,
    NotificationSubscription,
    NotificationSubscriptionQuerySet,
)
from organisations.models import Permission

from .acting import act, keyed

router = Router(tags=["Notification subscriptions"], auth=keyed(Permission.SUBSCRIPTION_READ))
_WRITE = keyed(Permission.SUBSCRIPTION_WRITE)
_PATH = "/notification-subscriptions"
_TYPES = {spelling: kind for kind in EventType for spelling in (kind.value, kind.value.lower())}


def _event_type(value: object) -> EventType:
    """In either case, or a mixture."""
    kind = _TYPES.get(value.upper()) if isinstance(value, str) and value.isascii() else None
    if kind is None:
        raise PydanticCustomError("event_type", f"This must be {' or '.join(EventType.values)}.")
    return kind


NotificationType = Annotated[
    EventType,
    BeforeValidator(_event_type),
    WithJsonSchema({"type": "string", "enum": list(_TYPES)}),
]


class MetaData(StrictSchema):
    headers: dict[str, LongText] = Field({}, description="Custom headers, sent with each event.")
    include_contact: StrictBool | None = Field(
        None, description="Names, addresses, numbers. Without: with reminders, not with changes."
    )
    include_holds: StrictBool = Field(False, description="Unconfirmed holds, too.")
    shop_uid: Text | None = Field(None, description="Events of one shop only.")


class NewSubscription(StrictSchema):
    notification_type: NotificationType
    target: LongText = Field(description="An https address.")
    meta_data: MetaData | None = None
    payload_version: Literal["1"] = "1"


class SubscriptionNamed(StrictSchema):
    uid: Text


class SubscriptionMaybeNamed(StrictSchema):
    """`uid` here or in the query."""

    uid: Text | None = None


class SubscriptionQuery(Schema):
    uid: Text | None = None


class Subscription(Schema):
    uid: str
    notification_type: Literal["APPOINTMENT_REMINDER_DUE", "PATIENT_DOCTOR_MEETING_UPDATED"]
    target: str
    options: Literal["WEBHOOK"]
    payload_version: Literal["1"]


class CreatedSubscription(Subscription):
    signing_secret: str = Field(description="Shown here and in the portal.")


class SeenMetaData(Schema):
    """Of the custom headers the names alone: their values are secrets."""

    header_names: list[str]
    include_contact: bool
    include_holds: bool
    shop_uid: str | None


class ListedSubscription(Subscription):
    meta_data: SeenMetaData
    disabled_at: Epoch | None = Field(
        description="Nothing is sent any more: enable it in the portal."
    )


class Subscriptions(RootModel[list[ListedSubscription]]):
    """A bare array."""


class TestDelivery(Schema):
    delivery_uid: str


@router.post(
    _PATH, response=writing_responses(201, CreatedSubscription, may_conflict=True), auth=_WRITE
)
def create_subscription(
    request: KeyRequest, body: Annotated[NewSubscription, Body(...)]
) -> HttpResponse:
    """Have one type of event sent to one address. The same twice is 409 `already_exists`."""
    acting = act(request)
    meta = body.meta_data or MetaData.model_validate({})
    options = subscriptions.Options(
        headers=meta.headers,
        include_contact=meta.include_contact,
        include_holds=meta.include_holds,
        payload_version=body.payload_version,
    )
    try:
        row, secret = subscriptions.create(
            acting.organisation,
            notification_type=body.notification_type,
            target=body.target,
            shop=named_shop(request.auth, meta.shop_uid),
            options=options,
            actor=acting.actor,
            now=acting.now,
        )
    except Invalid as error:
        path = f"meta_data.{error.field}" if error.field == "headers" else error.field
        raise bad_input({path: [error.message]}) from error
    return json_answer({**_subscription(row), "signing_secret": secret}, status=201)


@router.get(_PATH, response=listing_responses(Subscriptions))
def notification_subscriptions(request: KeyRequest) -> HttpResponse:
    """All of them, the oldest first."""
    rows = _living(request.auth).order_by("created_at", "uid")
    return json_answer([_listed(row) for row in rows])


@router.delete(_PATH, response=writing_responses(204, None), auth=_WRITE)
def delete_named_subscription(
    request: KeyRequest,
    query: Query[SubscriptionQuery],
    body: Annotated[SubscriptionMaybeNamed, Body(SubscriptionMaybeNamed())],
) -> HttpResponse:
    """As with the uid in the path; here it stands in the query or in the body."""
    uid = query.uid if body.uid is None else body.uid
    if uid is None:
        raise missing_parameters(["uid"])
    if query.uid not in (None, uid):
        raise bad_input({"uid": ["The query and the body name different subscriptions."]})
    return _deleted(request, uid)


# Before the path with a uid, which would match it, too.
@router.post(f"{_PATH}/test", response=writing_responses(202, TestDelivery), auth=_WRITE)
def test_named_subscription(
    request: KeyRequest, body: Annotated[SubscriptionNamed, Body(...)]
) -> HttpResponse:
    """As with the uid in the path; here it stands in the body."""
    return _tested(request, body.uid)


@router.delete(f"{_PATH}/{{uid}}", response=writing_responses(204, None), auth=_WRITE)
def delete_subscription(request: KeyRequest, uid: Text) -> HttpResponse:
    """Nothing more is sent to it."""
    return _deleted(request, uid)


@router.post(f"{_PATH}/{{uid}}/test", response=writing_responses(202, TestDelivery), auth=_WRITE)
def test_subscription(
    request: KeyRequest, uid: Text, body: Annotated[Nothing, Body(Nothing())]
) -> HttpResponse:
    """Sends a made-up event of its type, `data.test` true, also to a disabled one."""
    return _tested(request, uid)


def _deleted(request: KeyRequest, uid: str) -> HttpResponse:
    acting = act(request)
    subscriptions.delete(_find(request.auth, uid), actor=acting.actor, now=acting.now)
    return nothing()


def _tested(request: KeyRequest, uid: str) -> HttpResponse:
    acting = act(request)
    row = _find(request.auth, uid)
    try:
        delivery = subscriptions.send_test(row, actor=acting.actor, now=acting.now)
    except Refused:  # deleted this very moment
        raise not_found() from None
    return json_answer({"delivery_uid": delivery.uid}, status=202)


def _living(caller: KeyCaller) -> NotificationSubscriptionQuerySet:
    rows = NotificationSubscription.objects.of(caller.organisation).living()
    rows = rows.select_related("organisation", "shop")
    return rows if caller.shop is None else rows.filter(shop=caller.shop)


def _find(caller: KeyCaller, uid: str) -> NotificationSubscription:
    return found(_living(caller).filter(uid=uid).one_or_none())


def _subscription(row: NotificationSubscription) -> dict[str, object]:
    return {
        "uid": row.uid,
        "notification_type": row.notification_type,
        "target": row.target,
        "options": "WEBHOOK",
        "payload_version": row.payload_version,
    }


def _listed(row: NotificationSubscription) -> dict[str, object]:
    meta = {
        "header_names": sorted(signing.custom_headers(row)),
        "include_contact": row.include_contact,
        "include_holds": row.include_holds,
        "shop_uid": row.shop.uid if row.shop else None,
    }
    return {
        **_subscription(row),
        "meta_data": meta,
        "disabled_at": epoch_or_none(row.disabled_at),
    }
