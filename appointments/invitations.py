"""The visit as a calendar entry (iCalendar, RFC 5545 and 5546) for the patient.

One UID along a chain of rebookings and a rising SEQUENCE, so that a move changes the entry the
calendar already has instead of adding a second one. No patient data: calendars get shared.
"""

from datetime import datetime
from email.utils import parseaddr
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils.translation import gettext
from icalendar import Calendar, Event, vCalAddress

from . import links
from .models import Appointment
from .status import Status

REQUEST = "REQUEST"
CANCEL = "CANCEL"
PRODUCT = "-//RxScale//Scheduling//EN"


def method_of(appointment: Appointment) -> str:
    """CANCEL for a cancelled visit, REQUEST for any other."""
    return CANCEL if appointment.status == Status.CANCELLED else REQUEST


def invitation(appointment: Appointment, *, now: datetime) -> bytes:
    """The calendar object as the visit stands, in the active language. Reads the chain's first visit."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method_of(appointment))
    calendar.add_component(_event(appointment, now=now))
    content: bytes = calendar.to_ical()
    return content


def _event(appointment: Appointment, *, now: datetime) -> Event:
    is_cancelled = method_of(appointment) == CANCEL
    uid = _uid(appointment)
    event = Event()
    event.add("uid", uid)
    event.add("sequence", appointment.invitation_sequence)
    event.add("dtstamp", now)
    event.add("last-modified", appointment.updated_at)
    event.add("dtstart", appointment.starts_at)
    event.add("dtend", appointment.ends_at)
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("summary", _summary(appointment))
    event.add("organizer", _organizer(appointment))
    event.add("attendee", _attendee(uid))
    if not is_cancelled:
        join_url = links.join_url(appointment)
        event.add("description", _description(appointment, join_url))
        event.add("location", join_url)
        event.add("url", join_url)
    return event


def _uid(appointment: Appointment) -> str:
    host = urlsplit(settings.BASE_URL).hostname
    return f"{links.first_of_chain(appointment).uid}@{host}"


def _summary(appointment: Appointment) -> str:
    """Never the type's name: it may tell what the visit is about."""
    return gettext("Consultation with %(doctor)s") % {"doctor": appointment.doctor.display_name}


def _description(appointment: Appointment, join_url: str) -> str:
    join = gettext("Join the consultation: %(url)s") % {"url": join_url}
    manage = gettext("Your appointment: %(url)s") % {"url": links.manage_url(appointment)}
    return f"{join}\n{manage}"


def _organizer(appointment: Appointment) -> vCalAddress:
    shop = appointment.shop
    address = shop.contact_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = shop.name
    return organizer


def _attendee(uid: str) -> vCalAddress:
    """RFC 5546 wants an attendee in a REQUEST; a name-based UUID is one that names nobody."""
    attendee = vCalAddress(uuid5(NAMESPACE_URL, f"mailto:{uid}").urn)
    attendee.params["CN"] = gettext("Patient")
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    return attendee
