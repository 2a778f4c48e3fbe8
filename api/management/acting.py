"""Which key may do what, and as whom a call acts: as an admin of the clinic, by the key's name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest, HttpResponse

from api.auth import (
    KEY_HEADER,
    Anonymous,
    ApiKeyHeader,
    KeyCaller,
    KeyRequest,
    address_of,
)
from api.idempotency import once
from common.clock import utc_now
from organisations.actors import Actor, ActorKind
from organisations.models import Organisation, Permission


def keyed(permission: Permission | None) -> list[Callable[[HttpRequest], object]]:
    """The `auth` of an operation: an API key with exactly this permission; None: any key (health)."""
    is_counted = permission is not None
    return [ApiKeyHeader(permission), Anonymous(KEY_HEADER, is_counted=is_counted)]


@dataclass(frozen=True, slots=True)
class Acting:
    """A call that changes something. History and audit name the key."""

    caller: KeyCaller
    actor: Actor
    now: datetime

    @property
    def organisation(self) -> Organisation:
        return self.caller.organisation

    def once(self, request: HttpRequest, work: Callable[[], HttpResponse]) -> HttpResponse:
        """`work`, carried out once per idempotency key."""
        return once(
            request,
            work,
            organisation=self.organisation,
            caller=self.actor.uid,
            now=self.now,
        )


def act(request: KeyRequest) -> Acting:
    key = request.auth.key
    actor = Actor(ActorKind.ADMIN, key.uid, key.name, address_of(request) or None)
    return Acting(request.auth, actor, utc_now())
