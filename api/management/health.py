"""Whether the API answers this key."""

from typing import Literal

from django.http import HttpResponse
from ninja import Router, Schema

from api.auth import KeyRequest
from api.openapi import health_responses
from api.rendering import json_answer

from .acting import keyed

router = Router(tags=["Health"])


class Health(Schema):
    status: Literal["ok"]


@router.get("/health", response=health_responses(Health), auth=keyed(None))
def health(request: KeyRequest) -> HttpResponse:
    """Answers any key that lives, whatever its permissions; not counted by the rate limit."""
    return json_answer({"status": "ok"})
