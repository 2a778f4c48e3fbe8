"""Booking secrets: made, listed without their text, revealed one at a time, revoked."""

from typing import Annotated

from django.http import HttpResponse
from ninja import Query, Router, Schema
from pydantic import Field

from api.auth import KeyCaller, KeyRequest
from api.errors import found, not_found
from api.openapi import listing_responses, reading_responses, writing_responses
from api.paging import PageQuery, page_of
from api.reach import named_shop
from api.rendering import json_answer, nothing
from api.representations import Epoch, Page
from api.strict import Body, Reference, StrictSchema, Text
from booking_secrets import secrets
from booking_secrets.models import BookingSecret, BookingSecretQuerySet
from booking_secrets.secrets import SecretRevoked
from common.clock import epoch_or_none, to_epoch
from organisations.models import Permission

from .acting import act, keyed

router = Router(tags=["Booking secrets"], auth=keyed(Permission.SCHEDULING_READ))
_ADMIN = keyed(Permission.SCHEDULING_ADMIN)


class NewSecret(StrictSchema):
    name: Reference = Field(description="What it is for; partners do not see it.")
    shop_uid: Text | None = Field(None, description="Bind it to one shop. Without: every shop.")


class RevealedSecret(Schema):
    key_id: str = Field(description="The `kid` of the tokens it signs.")
    secret: str = Field(description="The key is this text as UTF-8 bytes.")
    name: str
    created_at: Epoch


class ListedSecret(Schema):
    key_id: str
    name: str
    shop_uid: str | None = Field(description="The shop it is bound to.")
    created_at: Epoch
    last_used_at: Epoch | None


class ListedSecrets(Page):
    data: list[ListedSecret]


@router.post("/booking-secrets", response=writing_responses(201, RevealedSecret), auth=_ADMIN)
def create_booking_secret(
    request: KeyRequest, body: Annotated[NewSecret, Body(...)]
) -> HttpResponse:
    """A new secret, shown here and by reading it."""
    acting = act(request)
    secret, text = secrets.create(
        acting.organisation,
        name=body.name,
        shop=named_shop(request.auth, body.shop_uid),
        actor=acting.actor,
        now=acting.now,
    )
    return json_answer(_revealed(secret, text), status=201)


@router.get("/booking-secrets", response=listing_responses(ListedSecrets))
def booking_secrets(request: KeyRequest, query: Query[PageQuery]) -> HttpResponse:
    """Those in force, without their texts; a revoked one is gone."""
    rows, totals = page_of(_active(request.auth).order_by("created_at", "key_id"), query)
    return json_answer({"data": [_listed(secret) for secret in rows], **totals})


@router.get("/booking-secrets/{key_id}", response=reading_responses(RevealedSecret), auth=_ADMIN)
def booking_secret(request: KeyRequest, key_id: Text) -> HttpResponse:
    """Reveals the secret. In the clinic's audit log before it is answered."""
    acting = act(request)
    secret = _find(request.auth, key_id)
    try:
        text = secrets.reveal(secret, actor=acting.actor, now=acting.now)
    except SecretRevoked:
        raise not_found() from None
    return json_answer(_revealed(secret, text))


@router.delete("/booking-secrets/{key_id}", response=writing_responses(204, None), auth=_ADMIN)
def revoke_booking_secret(request: KeyRequest, key_id: Text) -> HttpResponse:
    """Its tokens, unopened launch codes and open booking sessions are refused from now on."""
    acting = act(request)
    secrets.revoke(_find(request.auth, key_id), actor=acting.actor, now=acting.now)
    return nothing()


def _active(caller: KeyCaller) -> BookingSecretQuerySet:
    rows = BookingSecret.objects.of(caller.organisation).active()
    rows = rows.select_related("organisation", "shop")
    return rows if caller.shop is None else rows.filter(shop=caller.shop)


def _find(caller: KeyCaller, key_id: str) -> BookingSecret:
    return found(_active(caller).filter(key_id=key_id).one_or_none())


def _revealed(secret: BookingSecret, text: str) -> dict[str, object]:
    return {
        "key_id": secret.key_id,
        "secret": text,
        "name": secret.name,
        "created_at": to_epoch(secret.created_at),
    }


def _listed(secret: BookingSecret) -> dict[str, object]:
    return {
        "key_id": secret.key_id,
        "name": secret.name,
        "shop_uid": secret.shop.uid if secret.shop else None,
        "created_at": to_epoch(secret.created_at),
        "last_used_at": epoch_or_none(secret.last_used_at),
    }
