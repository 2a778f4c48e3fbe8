"""Sessions of the hosted booking page: one browser, for the patient of the launch code it opened.

The cookie holds a random text, the table its SHA-256. Whoever vouched may be withdrawn meanwhile, so every
request asks again: revoking a secret ends its sessions at once.
"""

import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from common.clock import zone_names

from .launch_codes import digest_of, exchange, is_withdrawn
from .models import BookingSession

_TEXT_BYTES = 32
_EVERYTHING = tuple(
    f"launch_code__{name}" for name in ("organisation", "shop", "patient", "secret")
)


def open_with(code: str, *, timezone: str, now: datetime) -> tuple[str, BookingSession]:
    """Use the launch code up for a session of settings.BOOKING_SESSION_SECONDS, and the cookie's text.

    `timezone` is what the browser says; what is no zone counts as nothing. Raises LaunchCodeRefused.
    """
    text = secrets.token_urlsafe(_TEXT_BYTES)
    with transaction.atomic():
        row = exchange(code, now=now)
        session = BookingSession.objects.create(
            organisation=row.organisation,
            launch_code=row,
            digest=digest_of(text),
            timezone=timezone if timezone in zone_names() else "",
            created_at=now,
            expires_at=_end(now),
        )
    return text, session


def find(text: str) -> BookingSession | None:
    """The session of a cookie, over or not, with shop, patient and secret loaded. One statement."""
    sessions = BookingSession.objects.select_related(*_EVERYTHING)
    return sessions.filter(digest=digest_of(text)).one_or_none()


def lock(session: BookingSession) -> BookingSession:
    """The row as it is now; until the commit the browser's other requests wait. One statement."""
    return BookingSession.objects.select_for_update(no_key=True).get(pk=session.pk)


def is_open(session: BookingSession, now: datetime) -> bool:
    return now < session.expires_at and not is_withdrawn(session.launch_code)


def remember(
    session: BookingSession, *, now: datetime, until: datetime | None = None, **changes: object
) -> None:
    """Write down what the patient did, if anything; the time of the session begins anew. One statement.

    `until`: it lasts to then at least.
    """
    changes["expires_at"] = max(_end(now), until or now)
    for name, value in changes.items():
        setattr(session, name, value)
    BookingSession.objects.filter(pk=session.pk).update(**changes)


def _end(now: datetime) -> datetime:
    return now + timedelta(seconds=settings.BOOKING_SESSION_SECONDS)
