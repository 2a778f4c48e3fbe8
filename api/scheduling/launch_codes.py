"""Codes that open the hosted booking page once: signed tokens never go into URLs."""

from typing import Annotated, cast
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpResponse
from ninja import Router

from api.auth import TOKEN_HEADER, Anonymous, ApiRequest, BookingTokenHeader, TokenCaller
from api.errors import found
from api.openapi import token_only_responses
from api.strict import Body
from booking_secrets import launch_codes
from common.clock import to_epoch, utc_now

from . import schemas
from .acting import act

router = Router(tags=["Hosted booking page"], auth=[BookingTokenHeader(), Anonymous(TOKEN_HEADER)])


@router.post("/booking-launch-codes", response=token_only_responses(201, schemas.LaunchCode))
def booking_launch_code(
    request: ApiRequest, body: Annotated[schemas.NoFields, Body(schemas.NoFields())]
) -> HttpResponse:
    """A code for the token's patient; send the browser to `booking_url` before `expires_at`."""
    acting = act(request, now=utc_now())
    caller = cast("TokenCaller", request.auth)  # the router lets nobody else in
    code, row = launch_codes.issue(
        caller.token, found(acting.patient), now=acting.now, warnings=acting.warnings
    )
    query = urlencode({"booking_launch_code": code})
    body_out: dict[str, object] = {
        "booking_launch_code": code,
        "expires_at": to_epoch(row.expires_at),
        "booking_url": f"{settings.BASE_URL}/book/?{query}",
    }
    return acting.answer_with(body_out, status=201)
