"""Moving a confirmed visit, and booking again what did not take place."""

from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

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
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import page
from portals.slots.desk import Booking, answer
from portals.slots.picker import doctors_of

from .detail import actions_of, find_visit


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def rebook(request: ClinicRequest, uid: str) -> HttpResponse:
    """Choose the new time by the visit's own mode and notice; the move makes a linked new appointment."""
    visit = find_visit(request, uid)
    if not _is_offered(visit, "rebook", request.now):
        return _not_now(request, visit, "Move to another time")
    return answer(request, _move(request, visit))


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def book_again(request: ClinicRequest, uid: str) -> HttpResponse:
    """Same patient, type and doctor; the old time first while it is free."""
    visit = find_visit(request, uid)
    if not _is_offered(visit, "book-again", request.now):
        return _not_now(request, visit, "Book again")
    return answer(request, _again(request, visit))


def _move(request: ClinicRequest, visit: Appointment) -> Booking:
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

    keeps_doctor = visit.rebooking_mode == RebookingMode.SAME_DOCTOR
    everyone = [] if keeps_doctor else doctors_of(visit.appointment_type, leaving_out=visit)
    return Booking(
        title="Move to another time",
        submit="Move appointment",
        done="Appointment moved. This is the new one.",
        kind=visit.appointment_type,
        doctors=everyone or [visit.doctor],
        back=_url(visit),
        act=act,
        told=told,
        result=_url,
        patient=visit.patient,
        patient_url=reverse("clinic:patient", args=[visit.patient.uid]),
        visit=visit,
        leaving_out=visit,
        preferred=visit.doctor,
        may_choose_doctor=not keeps_doctor,
    )


def _again(request: ClinicRequest, visit: Appointment) -> Booking:
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
        doctors=doctors_of(visit.appointment_type),
        back=_url(visit),
        act=act,
        told=told,
        result=_url,
        patient=visit.patient,
        patient_url=reverse("clinic:patient", args=[visit.patient.uid]),
        visit=visit,
        preferred=visit.doctor,
        same_time=visit.starts_at,
    )


def _unsaved(visit: Appointment, starts_at: datetime, doctor: Doctor) -> Appointment:
    """What a notice needs to know of a visit that is not booked yet."""
    return Appointment(shop=visit.shop, patient=visit.patient, doctor=doctor, starts_at=starts_at)


def _is_offered(visit: Appointment, name: str, now: datetime) -> bool:
    url = reverse(f"clinic:appointment-{name}", args=[visit.uid])
    return any(link.url == url for link in actions_of(visit, now))


def _not_now(request: ClinicRequest, visit: Appointment, title: str) -> HttpResponse:
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
        "actions": actions_of(visit, request.now),
    }
    status = 422 if request.method == "POST" else 200
    template = "portals/clinic/appointments/appointment_not_now.html"
    return page(request, template, context, part="desk", status=status)


def _url(visit: Appointment) -> str:
    return reverse("clinic:appointment", args=[visit.uid])
