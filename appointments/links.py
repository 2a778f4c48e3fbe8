"""The links people follow: to join, to manage, into the portals and into the room itself.

The patient's two links are HMACs over different purposes, the appointment and its nonce: any
answer or mail can name them again, and neither yields the other.
"""

import json
import re
from datetime import datetime
from urllib.parse import quote, urlencode

import jwt
from django.conf import settings
from django.db import connection

from common.clock import to_epoch
from common.crypto import mac, mac_matches

from .models import Appointment
from .rooms import room_of
from .status import BOOKED_OR_OVER, Status

_JOIN = "appointment-join-link"
_MANAGE = "appointment-manage-link"
_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT id, previous_id, 0 AS steps FROM appointments_appointment WHERE id = %s
    UNION ALL
    SELECT step.id, step.previous_id, chain.steps + 1
    FROM appointments_appointment step JOIN chain ON {direction}
)
SELECT id FROM chain ORDER BY steps DESC LIMIT 1
"""
_TOKEN = re.compile(r"(mtg-[0-9a-z]{1,36})\.([0-9A-Za-z_-]{16,86})")


def join_url(appointment: Appointment) -> str:
    """The patient's page before the room: whom, when, and a button."""
    return f"{settings.BASE_URL}/join/{_token(appointment, _JOIN)}"


def manage_url(appointment: Appointment) -> str:
    """The patient's page to see, move and cancel the visit."""
    return f"{settings.BASE_URL}/visit/{_token(appointment, _MANAGE)}"


def reminders_url(appointment: Appointment) -> str:
    """The place on that page where the patient says how to be reminded."""
    return f"{manage_url(appointment)}#reminders"


def portal_url(appointment: Appointment, group: str) -> str:
    """The appointment's page for "doctor" or "admin"."""
    return portal_page(appointment.uid, group)


def portal_page(appointment_uid: str, group: str) -> str:
    """The same where only the uid was read."""
    portal = {"doctor": "doctor", "admin": "admin"}[group]
    return f"{settings.BASE_URL}/{portal}/appointments/{appointment_uid}/"


def find_by_join_token(token: str) -> Appointment | None:
    return _find(token, _JOIN)


def find_by_manage_token(token: str) -> Appointment | None:
    return _find(token, _MANAGE)


def is_joinable(appointment: Appointment, now: datetime) -> bool:
    """From 10 minutes before the start until 60 minutes after the end, unless it is called off."""
    opens_at, closes_at = join_span(appointment)
    return appointment.status in BOOKED_OR_OVER and opens_at <= now < closes_at


def join_span(appointment: Appointment) -> tuple[datetime, datetime]:
    """When the room opens for this visit and when it closes."""
    return (
        appointment.starts_at - settings.JOIN_OPENS_BEFORE,
        appointment.ends_at + settings.JOIN_CLOSES_AFTER,
    )


def room_url(appointment: Appointment, *, name_of_visitor: str, now: datetime) -> str:
    """The doctor's Jitsi room, with a token for this visit's span where Jitsi is set up for tokens.

    The visitor's name travels in the fragment, which browsers send to nobody: no server's log
    gets to see it.
    """
    room = room_of(appointment.doctor)
    url = f"{settings.JITSI_BASE_URL}/{room.name}"
    if settings.JITSI_APP_ID and settings.JITSI_APP_SECRET:
        url += "?" + urlencode({"jwt": _jitsi_token(appointment, room.name, now=now)})
    if name_of_visitor:
        url += "#userInfo.displayName=" + quote(json.dumps(name_of_visitor))
    return url


def current_of_chain(appointment: Appointment) -> Appointment:
    """Where the visit went: itself, or the last of the rebookings that began with it."""
    if appointment.status != Status.CANCELLED:
        return appointment
    return _end_of_chain(appointment, "step.previous_id = chain.id")


def first_of_chain(appointment: Appointment) -> Appointment:
    """Where the visit came from: itself, or the first booking it was moved from."""
    if appointment.previous_id is None:
        return appointment
    return _end_of_chain(appointment, "step.id = chain.previous_id")


def _end_of_chain(appointment: Appointment, direction: str) -> Appointment:
    """One statement, however long the chain, and one to load what it ends in."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN.format(direction=direction), [appointment.pk])
        (last_id,) = cursor.fetchone()
    if last_id == appointment.pk:
        return appointment
    return Appointment.objects.for_display().get(pk=last_id)


def _jitsi_token(appointment: Appointment, room: str, *, now: datetime) -> str:
    opens_at, closes_at = join_span(appointment)
    claims = {
        "aud": "jitsi",
        "iss": settings.JITSI_APP_ID,
        "sub": "*",
        "room": room,
        "iat": to_epoch(now),
        "nbf": to_epoch(opens_at),
        "exp": to_epoch(closes_at),
    }
    return jwt.encode(claims, settings.JITSI_APP_SECRET, algorithm="HS256")


def _token(appointment: Appointment, purpose: str) -> str:
    return f"{appointment.uid}.{mac(purpose, appointment.uid, appointment.link_nonce)}"


def _find(token: str, purpose: str) -> Appointment | None:
    """The visit the token names; None for anything we did not make, without saying what is wrong."""
    match = _TOKEN.fullmatch(token)
    if match is None:
        return None
    uid, given = match.groups()
    appointment = Appointment.objects.for_display().filter(uid=uid).one_or_none()
    if appointment and mac_matches(given, purpose, uid, appointment.link_nonce):
        return appointment
    return None
