"""The one hold a browser has at a time: found, given back, or said in words why there is none."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext

from appointments import lifecycle
from appointments.models import Appointment, AppointmentType
from appointments.status import Status
from appointments.verbs import lock_appointment
from booking_secrets import sessions
from common.local_time import in_words
from common.retrying import retrying
from organisations.models import Doctor

from .access import BookingRequest

# The page stays open a little longer than the hold, to say that it ran out and keep what was typed.
_AFTERWARDS = timedelta(minutes=10)
RAN_OUT = "ran_out"


def own_visit(request: BookingRequest, uid: str) -> Appointment | None:
    """The patient's visit of that uid, whoever booked it. One query."""
    if "\0" in uid:
        return None
    visits = Appointment.objects.of(request.organisation).filter(patient=request.patient)
    visit = visits.for_display().filter(uid=uid).one_or_none()
    if visit is not None:
        visit.patient = request.patient  # with its organisation, which pages ask for the zone
    return visit


def running_hold(request: BookingRequest) -> Appointment | None:
    """What this browser holds at this moment. No query where it has not held anything."""
    uid = request.booking.held_uid
    visit = own_visit(request, uid) if uid else None
    return visit if visit and visit.status_at(request.now) == Status.HELD else None


def hold(
    request: BookingRequest, kind: AppointmentType, doctor: Doctor | None, starts_at: datetime
) -> Appointment:
    """Hold the time instead of what this browser held before. Raises Refused: then that one stays.

    Presses of one browser take turns, so that it never holds two.
    """

    def exchanged() -> Appointment:
        request.booking.held_uid = sessions.lock(request.booking).held_uid
        give_back(request, running_hold(request))
        held = lifecycle.hold(
            patient=request.patient,
            appointment_type=kind,
            starts_at=starts_at,
            doctor=doctor,
            actor=request.actor,
            now=request.now,
        )
        until = (held.hold_expires_at or starts_at) + _AFTERWARDS
        sessions.remember(request.booking, now=request.now, until=until, held_uid=held.uid)
        return held

    return retrying(exchanged)


def give_back(request: BookingRequest, visit: Appointment | None) -> None:
    """Free the time of a running hold at once; what has become of it meanwhile, a booking too, stays."""
    if visit is None:
        return
    with transaction.atomic():
        # Looked at under its lock: a confirmation on its way must not be cancelled here.
        current = lock_appointment(visit)
        if current.status_at(request.now) == Status.HELD:
            lifecycle.cancel(current, actor=request.actor, now=request.now)


def words_of(problem: str, at: datetime | None, zone_name: str) -> str:
    """What the page says above the free times after `problem`; blank for none we know."""
    when = in_words(at, zone_name) if at else ""
    if problem in ("slot_taken", "slot_unavailable"):
        if not when:
            return gettext("This time has just been taken. Please choose another one.")
        return gettext("%(when)s has just been taken. Please choose another time.") % {"when": when}
    if problem == "patient_already_booked" and when:
        text = gettext("You already have an appointment at that time: %(when)s.")
        return text % {"when": when}
    return {
        RAN_OUT: gettext(
            "The time was reserved for you for a while and is free again now."
            " What you typed is kept: choose a time, and go on."
        ),
        "patient_already_booked": gettext("You already have an appointment at that time."),
        "too_many_holds": gettext(
            "Several times are reserved for you already. Confirm one of them, or wait until they run out."
        ),
        "choose": gettext("Please choose a time from the list."),
    }.get(problem, "")
