"""Who may use the booking page: a browser with a session of its own, for one patient of one shop.

    @booking_page
    @require_POST
    def hold(request: BookingRequest) -> HttpResponse:

The decorator marks the route, counts the call, opens the session in one query and fills the request in. A page
whose session is over leads back to the shop.
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from booking_secrets import sessions
from booking_secrets.launch_codes import digest_of
from booking_secrets.models import BookingSession
from common.access import needs
from common.clock import utc_now
from common.rate_limits import seconds_to_wait
from organisations.actors import Actor, ActorKind
from organisations.models import Organisation, Patient, Shop
from organisations.zones import zone_of_patient
from portals.access import address_of, confidential

from .languages import speaking_to

COOKIE = "booking_session"
COOKIE_PATH = "/book"
ACCESS_QUERIES = 1

Params = ParamSpec("Params")
View = Callable[Concatenate[HttpRequest, Params], HttpResponse]


class BookingRequest(HttpRequest):
    """What a view behind `booking_page` gets. `zone` is the name of the zone every time is shown in."""

    booking: BookingSession
    organisation: Organisation
    shop: Shop
    patient: Patient
    actor: Actor
    zone: str
    now: datetime


def booking_page(
    view: Callable[Concatenate[BookingRequest, Params], HttpResponse],
) -> View[Params]:
    """Only with a session that is open; a step forward (POST) renews its cookie."""

    @needs("booking session")
    @patient_page
    @wraps(view)
    def guarded(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        text = request.COOKIES.get(COOKIE, "")
        session, now = session_of(request), utc_now()
        if session is None:
            return over(request, None)
        if not sessions.is_open(session, now):
            return over(request, session.launch_code.shop, session.launch_code.patient)
        if wait := seconds_to_wait(f"booking:{session.digest}", settings.RATE_LIMIT):
            return too_many(request, wait)
        booking = _filled_in(request, session, now)
        with speaking_to(request, booking.patient):
            response = view(booking, *args, **kwargs)
        if request.method == "POST":
            set_cookie(response, text, session, now)
        return response

    return guarded


def patient_page(view: View[Params]) -> View[Params]:
    """A page of the booking session; its forms are posted to us under Django's protection against CSRF."""
    counted = counted_page(view)

    @wraps(view)
    def with_referrer(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        response = counted(request, *args, **kwargs)
        # With no-referrer Chromium posts `Origin: null`, which that protection refuses.
        response.headers["Referrer-Policy"] = "same-origin"
        return response

    return with_referrer


def counted_page(view: View[Params]) -> View[Params]:
    """Counted for the address, kept close, and in the browser's language until the patient's is known."""

    @confidential
    @wraps(view)
    def counted(
        request: HttpRequest, /, *args: Params.args, **kwargs: Params.kwargs
    ) -> HttpResponse:
        with speaking_to(request):
            if wait := seconds_to_wait(
                f"booking-address:{address_of(request)}", settings.RATE_LIMIT
            ):
                return too_many(request, wait)
            return view(request, *args, **kwargs)

    return counted


def session_of(request: HttpRequest) -> BookingSession | None:
    """The session of the browser's cookie, open or over."""
    text = request.COOKIES.get(COOKIE, "")
    return sessions.find(text) if text else None


def is_opened_by(session: BookingSession, code: str) -> bool:
    return session.launch_code.digest == digest_of(code)


def set_cookie(response: HttpResponse, text: str, session: BookingSession, now: datetime) -> None:
    response.set_cookie(
        COOKIE,
        text,
        max_age=max(0, int((session.expires_at - now).total_seconds())),
        path=COOKIE_PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def over(request: HttpRequest, shop: Shop | None, patient: Patient | None = None) -> HttpResponse:
    """The way back to the shop: 410 when we know whose page it was, else 404."""
    context, status = {"shop": shop}, 410 if shop else 404
    with speaking_to(request, patient):
        return render(request, "portals/booking/book/over.html", context, status=status)


def _filled_in(request: HttpRequest, session: BookingSession, now: datetime) -> BookingRequest:
    booking, row = cast(BookingRequest, request), session.launch_code
    booking.booking, booking.now = session, now
    booking.organisation, booking.shop, booking.patient = row.organisation, row.shop, row.patient
    # At hand already: no reader has to ask the database for them.
    booking.shop.organisation = booking.patient.organisation = row.organisation
    booking.patient.shop = row.shop
    booking.zone = session.timezone or zone_of_patient(row.patient)
    booking.actor = actor_of(request, row.patient)
    return booking


def actor_of(request: HttpRequest, patient: Patient) -> Actor:
    """The history names the patient by uid alone: their name would outlive an erasure there."""
    return Actor(ActorKind.PATIENT, patient.uid, "Patient", address_of(request) or None)


def too_many(request: HttpRequest, wait: int) -> HttpResponse:
    response = render(request, "portals/booking/book/wait.html", status=429)
    response.headers["Retry-After"] = str(wait)
    return response
