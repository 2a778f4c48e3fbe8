"""Moving a confirmed visit, and booking again what did not take place: the choice of a time for both."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.http import HttpResponse

from appointments import lifecycle
from appointments.models import Appointment, RebookingMode
from appointments.notices import (
    Recipient,
    who_will_be_told_of_confirmation,
    who_will_be_told_of_move,
)
from appointments.status import Status
from organisations.models import Doctor
from portals import visit_words as words
from portals.rendering import page
from portals.requests import PortalRequest
from portals.slots.desk import Booking, answer
from portals.slots.picker import doctors_of

from .offers import actions_of, is_offered
from .rows import patient_url, visit_url, why_url

_SAME_DOCTOR = "It can be moved with the same doctor only."


def answer_rebook(
    request: PortalRequest, visit: Appointment, *, portal: str, doctors: Sequence[Doctor] = ()
) -> HttpResponse:
    """Choose the new time; the move makes a linked new visit. Of `doctors`, where the portal says who."""
    if not is_offered(visit, "rebook", request.now, portal=portal):
        return _not_now(request, visit, "Move to another time", portal=portal)
    return answer(request, _move(request, visit, portal, doctors))


def answer_book_again(
    request: PortalRequest, visit: Appointment, *, portal: str, doctors: Sequence[Doctor] = ()
) -> HttpResponse:
    """Same patient, type and doctor; the old time first while it is free."""
    if not is_offered(visit, "book-again", request.now, portal=portal):
        return _not_now(request, visit, "Book again", portal=portal)
    return answer(request, _again(request, visit, portal, doctors))


def _move(
    request: PortalRequest, visit: Appointment, portal: str, doctors: Sequence[Doctor]
) -> Booking:
    def act(starts_at: datetime, doctor: Doctor, tell_patient: bool) -> Appointment:
        return lifecycle.rebook(
            visit,
            starts_at=starts_at,
            doctor=doctor,
            tell_patient=tell_patient,
            actor=request.actor,
            now=request.now,
        )

    def told(starts_at: datetime, doctor: Doctor) -> list[Recipient]:
        return who_will_be_told_of_move(visit, new_doctor=doctor, actor=request.actor)

    is_bound = visit.rebooking_mode == RebookingMode.SAME_DOCTOR
    keeps_doctor = bool(doctors) or is_bound
    everyone = doctors
    if not keeps_doctor:
        everyone = doctors_of(visit.appointment_type, leaving_out=visit)
    return Booking(
        title="Move to another time",
        submit="Move appointment",
        done="Appointment moved. This is the new one.",
        kind=visit.appointment_type,
        doctors=everyone or [visit.doctor],
        back=visit_url(visit, portal),
        act=act,
        told=told,
        result=partial(visit_url, portal=portal),
        patient=visit.patient,
        patient_url=patient_url(visit.patient, portal),
        visit=visit,
        leaving_out=visit,
        preferred=visit.doctor,
        may_choose_doctor=not keeps_doctor,
        doctor_rule="" if doctors or not is_bound else _SAME_DOCTOR,
        why_url=why_url(visit.doctor, visit.appointment_type, request.now, portal),
    )


def _again(
    request: PortalRequest, visit: Appointment, portal: str, doctors: Sequence[Doctor]
) -> Booking:
    def act(starts_at: datetime, doctor: Doctor, tell_patient: bool) -> Appointment:
        return lifecycle.book_again(
            visit,
            starts_at=starts_at,
            doctor=doctor,
            actor=request.actor,
            now=request.now,
            tell_patient=tell_patient,
        )

    def told(starts_at: datetime, doctor: Doctor) -> list[Recipient]:
        new = _unsaved(visit, starts_at, doctor)
        return who_will_be_told_of_confirmation(new, actor=request.actor, now=request.now)

    return Booking(
        title="Book again",
        submit="Book appointment",
        done="Booked again. This is the new appointment.",
        kind=visit.appointment_type,
        doctors=doctors or doctors_of(visit.appointment_type),
        back=visit_url(visit, portal),
        act=act,
        told=told,
        result=partial(visit_url, portal=portal),
        patient=visit.patient,
        patient_url=patient_url(visit.patient, portal),
        visit=visit,
        preferred=visit.doctor,
        same_time=visit.starts_at,
    )


def _unsaved(visit: Appointment, starts_at: datetime, doctor: Doctor) -> Appointment:
    """What a notice needs to know of a visit that is not booked yet."""
    return Appointment(shop=visit.shop, patient=visit.patient, doctor=doctor, starts_at=starts_at)


def _not_now(
    request: PortalRequest, visit: Appointment, title: str, *, portal: str
) -> HttpResponse:
    """Somebody was faster, or the notice has passed: how the visit stands, and the way on."""
    is_too_close = (
        visit.status_at(request.now) == Status.CONFIRMED and request.now > visit.rebookable_until
    )
    context = {
        "title": title,
        "visit": visit,
        "status": visit.status_at(request.now),
        "is_too_close": is_too_close,
        "state": words.present_state(visit, zone=request.zone, now=request.now),
        "actions": actions_of(visit, request.now, portal=portal),
        "back": visit_url(visit, portal),
    }
    status = 422 if request.method == "POST" else 200
    return page(request, "portals/visits/not_now.html", context, part="desk", status=status)
