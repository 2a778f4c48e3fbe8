"""The doctor's own visits: where every query of this portal starts, and every uid is looked up."""

from appointments.models import Appointment, AppointmentQuerySet
from portals.visits.one_visit import find_among

from .access import DoctorRequest

PORTAL = "doctor"


def own_visits(request: DoctorRequest) -> AppointmentQuerySet:
    return Appointment.objects.of(request.organisation).filter(doctor=request.doctor)


def find_visit(request: DoctorRequest, uid: str) -> Appointment:
    """The doctor's visit, or 404: a colleague's reads like none."""
    return find_among(own_visits(request), request, uid)
