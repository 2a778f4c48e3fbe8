"""A doctor's visits as a private calendar feed (iCalendar, RFC 5545): when, and the way to the portal.

Its address is its only key: an HMAC over the feed, its nonce and the doctor's user, so that the portal can show
it again, a new nonce ends the old address at once, and so does another user who takes the doctor's place.
Calendars get shared: no patient, no type, no other text of ours.
"""

import hashlib
import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from icalendar import Calendar, Event, Timezone, vDuration

from common.crypto import mac, mac_matches
from organisations import audit
from organisations.actors import Actor
from organisations.models import Doctor

from . import links
from .invitations import PRODUCT
from .models import CalendarFeed
from .status import BOOKED_OR_OVER

TITLE = "RxScale consultation"
GOES_BACK = timedelta(days=30)
READ_EVERY = timedelta(minutes=15)  # what calendars are asked to do

_PURPOSE = "doctor-calendar-feed"
_TOKEN = re.compile(r"(cal-[0-9a-z]{1,36})\.([0-9A-Za-z_-]{16,86})")
# Each visit with the first of its chain: along it a calendar keeps one entry. One statement, however many.
_VISITS = """
WITH RECURSIVE chain AS (
    SELECT id AS visit_id, id, previous_id FROM appointments_appointment
    WHERE organisation_id = %s AND doctor_id = %s AND status = ANY(%s) AND starts_at >= %s
    UNION ALL
    SELECT chain.visit_id, step.id, step.previous_id
    FROM appointments_appointment step JOIN chain ON step.id = chain.previous_id
)
SELECT visit.uid, first.uid, visit.starts_at, visit.ends_at, visit.invitation_sequence, visit.updated_at
FROM chain
JOIN appointments_appointment first ON first.id = chain.id
JOIN appointments_appointment visit ON visit.id = chain.visit_id
WHERE chain.previous_id IS NULL
ORDER BY visit.starts_at, visit.uid
"""


@dataclass(frozen=True, slots=True)
class Visit:
    """`first_uid` is the visit its chain of rebookings began with."""

    uid: str
    first_uid: str
    starts_at: datetime
    ends_at: datetime
    sequence: int
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Contents:
    """What a calendar reads: `etag` is known before anything is rendered."""

    name: str
    visits: tuple[Visit, ...]

    @property
    def etag(self) -> str:
        """Changes with whatever the rendered feed says, and with nothing else."""
        said = [
            [visit.uid, visit.first_uid, visit.sequence]
            + [at.isoformat() for at in (visit.starts_at, visit.ends_at, visit.updated_at)]
            for visit in self.visits
        ]
        text = json.dumps([PRODUCT, settings.BASE_URL, self.name, said])
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def to_ical(self) -> bytes:
        calendar = Calendar()
        calendar.add("prodid", PRODUCT)
        calendar.add("version", "2.0")
        for name in ("name", "x-wr-calname"):
            calendar.add(name, self.name)
        calendar.add("refresh-interval", READ_EVERY, parameters={"VALUE": "DURATION"})
        calendar.add("x-published-ttl", vDuration(READ_EVERY))
        for visit in self.visits:
            calendar.add_component(_event(visit))
        if not self.visits:  # a calendar without any component is none
            calendar.add_component(Timezone.from_tzid("UTC"))
        content: bytes = calendar.to_ical()
        return content


def feed_of(doctor: Doctor) -> CalendarFeed | None:
    """The doctor's feed, None while there is none."""
    return CalendarFeed.objects.of(doctor.organisation).filter(doctor=doctor).one_or_none()


def issue(doctor: Doctor, *, actor: Actor, now: datetime) -> CalendarFeed:
    """Give the doctor's feed a new address; the one before, if any, is dead at once. Audited."""
    nonce = secrets.token_urlsafe(16)
    with transaction.atomic():
        feed, is_new = CalendarFeed.objects.update_or_create(
            doctor=doctor,
            defaults={"nonce": nonce, "issued_at": now},
            create_defaults={
                "organisation_id": doctor.organisation_id,
                "nonce": nonce,
                "issued_at": now,
            },
        )
        _audit(doctor, "created" if is_new else "renewed", actor, now)
    return feed


def revoke(doctor: Doctor, *, actor: Actor, now: datetime) -> bool:
    """Take the feed away: its address is dead at once. False when there was none. Audited."""
    with transaction.atomic():
        gone, _ = CalendarFeed.objects.of(doctor.organisation).filter(doctor=doctor).delete()
        if gone:
            _audit(doctor, "revoked", actor, now)
    return bool(gone)


def url(feed: CalendarFeed, doctor: Doctor) -> str:
    """The secret address. `doctor` is the feed's, with the user."""
    token = f"{feed.uid}.{mac(_PURPOSE, *_sealed(feed, doctor))}"
    return f"{settings.BASE_URL}/calendar/{token}.ics"


def uid_in(token: str) -> str:
    """Which feed a token claims to be of, "" for what we never made. Asks nothing, proves nothing."""
    match = _TOKEN.fullmatch(token)
    return match.group(1) if match else ""


def find(token: str) -> CalendarFeed | None:
    """The feed whose address holds the token; None also once its doctor, user or organisation is deactivated."""
    uid = uid_in(token)
    feeds = CalendarFeed.objects.select_related("doctor__user", "doctor__organisation")
    feed = feeds.filter(uid=uid).one_or_none() if uid else None
    if feed is None or not _is_served(feed.doctor):
        return None
    given = token.removeprefix(f"{uid}.")
    return feed if mac_matches(given, _PURPOSE, *_sealed(feed, feed.doctor)) else None


def contents(feed: CalendarFeed, *, now: datetime) -> Contents:
    """The doctor's confirmed visits, those that took place among them: the past 30 days and all ahead.

    Neither holds nor cancelled visits: a visit that is called off leaves. One statement.
    """
    doctor = feed.doctor
    statuses = [str(status) for status in BOOKED_OR_OVER]
    with connection.cursor() as cursor:
        cursor.execute(_VISITS, [doctor.organisation_id, doctor.pk, statuses, now - GOES_BACK])
        visits = tuple(Visit(*row) for row in cursor.fetchall())
    return Contents(name=f"RxScale · {doctor.organisation.name}", visits=visits)


def _event(visit: Visit) -> Event:
    page = links.portal_page(visit.uid, "doctor")
    event = Event()
    # Not the UID of the patient's invitation: who gets both would have one overwrite the other.
    event.add("uid", f"{visit.first_uid}.doctor@{urlsplit(settings.BASE_URL).hostname}")
    event.add("sequence", visit.sequence)
    event.add("dtstamp", visit.updated_at)
    event.add("last-modified", visit.updated_at)
    event.add("dtstart", visit.starts_at)
    event.add("dtend", visit.ends_at)
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("summary", TITLE)
    event.add("description", page)
    event.add("url", page)
    return event


def _is_served(doctor: Doctor) -> bool:
    is_here = doctor.is_active and doctor.organisation.is_active
    return is_here and doctor.user is not None and doctor.user.is_active


def _sealed(feed: CalendarFeed, doctor: Doctor) -> tuple[str, str, str]:
    return feed.uid, feed.nonce, doctor.user.uid if doctor.user else ""


def _audit(doctor: Doctor, act: str, actor: Actor, now: datetime) -> None:
    audit.record(
        doctor.organisation,
        f"calendar_feed.{act}",
        actor=actor,
        now=now,
        object_uid=doctor.uid,
    )
