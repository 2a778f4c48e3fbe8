"""How long a session lives (behaviour 38): idle 30 minutes, 12 hours at most, polling does not extend it.

A request that comes by itself says so with the header `X-Polling: 1` (`hx-headers='{"X-Polling": "1"}'`).
The stamps are written into the session at sign-in and then at most once a minute.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY as USER_KEY
from django.http import HttpRequest, HttpResponse

from appointments import links
from appointments.models import Appointment
from appointments.status import BOOKED_OR_OVER
from common.clock import from_epoch, to_epoch, utc_now
from organisations.models import User

from . import trail

POLLING_HEADER = "X-Polling"
SIGNED_IN_AT, SEEN_AT = "signed_in_at", "seen_at"
_STAMP_EVERY = timedelta(minutes=1)
# For programs: nobody is signed in there, and an answer that varied by cookie could not be kept.
_WITHOUT_SESSIONS = ("/v1/", "/hooks/", "/healthz", "/readyz", "/metrics")

Span = tuple[datetime, datetime]
Spans = Callable[[datetime, datetime], Iterable[Span]]


class End(StrEnum):
    """Why a session is over."""

    IDLE = "idle"
    LONGEST = "longest"


@dataclass(frozen=True, slots=True)
class Life:
    signed_in_at: datetime
    seen_at: datetime

    def end(self, now: datetime, visits: Spans) -> End | None:
        """Why the session is over at `now`, or None while it lives.

        `visits` gives the join spans that touch a range of time, by their beginning. While one runs the
        session does not idle out; when it ends and nobody was seen meanwhile, it does at once.
        """
        if now >= self.signed_in_at + settings.SESSION_LONGEST:
            return End.LONGEST
        idle_at: datetime = self.seen_at + settings.SESSION_IDLE
        if now < idle_at:
            return None
        for opens_at, closes_at in visits(idle_at, now):
            if opens_at <= idle_at < closes_at:
                idle_at = closes_at
        return End.IDLE if now >= idle_at else None


def visits_of(user: User) -> Spans:
    """The join spans of the user's visits as a doctor. One query, asked only of who would idle out."""

    def between(since: datetime, until: datetime) -> list[Span]:
        visits = Appointment.objects.filter(
            doctor__user=user,
            status__in=BOOKED_OR_OVER,
            starts_at__lte=until + settings.JOIN_OPENS_BEFORE,
            ends_at__gt=since - settings.JOIN_CLOSES_AFTER,
        )
        return [links.join_span(visit) for visit in visits.order_by("starts_at")]

    return between


def stamp_at_sign_in(request: HttpRequest, **_: Any) -> None:
    """Receives Django's `user_logged_in`: whichever door somebody came through, the clock starts."""
    now = to_epoch(utc_now())
    request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = now


class SessionLifeMiddleware:
    """Signs out who was away for too long; the page behind then asks to sign in again."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _has_cookie(request) and USER_KEY in request.session:
            self._watch(request, utc_now())
        return self._get_response(request)

    def _watch(self, request: HttpRequest, now: datetime) -> None:
        user = request.user
        if not isinstance(user, User):
            return  # deactivated, or signed out everywhere: Django lets the session name nobody
        life = _life_of(request)
        end = life.end(now, visits_of(user)) if life else End.LONGEST
        if end:
            trail.sign_out(request, user, why=end, now=now)
            messages.info(request, _FAREWELLS[end])
        elif life and _is_worth_a_stamp(request, life, now):
            request.session[SEEN_AT] = to_epoch(now)


def _has_cookie(request: HttpRequest) -> bool:
    """Without touching the session, which costs a query and a `Vary: Cookie`."""
    is_for_people = not request.path.startswith(_WITHOUT_SESSIONS)
    return is_for_people and settings.SESSION_COOKIE_NAME in request.COOKIES


_FAREWELLS = {
    End.IDLE: "You were signed out because you had not done anything for a while. Please sign in again.",
    End.LONGEST: "Your session has reached its longest time. Please sign in again.",
}


def _life_of(request: HttpRequest) -> Life | None:
    """None when the session was not made by a sign-in of this system: it ends."""
    stamps = request.session.get(SIGNED_IN_AT), request.session.get(SEEN_AT)
    match stamps:
        case (int(signed_in_at), int(seen_at)):
            return Life(from_epoch(signed_in_at), from_epoch(seen_at))
    return None


def _is_worth_a_stamp(request: HttpRequest, life: Life, now: datetime) -> bool:
    return POLLING_HEADER not in request.headers and now >= life.seen_at + _STAMP_EVERY
