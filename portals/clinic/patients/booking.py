""" "Book for this patient": a type, a doctor or any, a day and a time, then done. Staff's book verb."""

from datetime import datetime

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from appointments import lifecycle
from appointments.models import Appointment, AppointmentType
from appointments.notices import Recipient, who_will_be_told_of_confirmation
from organisations.models import Doctor, Patient
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import go_to, page
from portals.slots.desk import Booking, answer
from portals.slots.picker import doctors_of
from portals.toasts import toast

from .views import find_patient


@clinic_page(Right.ACT)
@require_http_methods(["GET", "HEAD", "POST"])
def book(request: ClinicRequest, uid: str) -> HttpResponse:
    """Without a known `?type=` the choice of one, skipped where there is only one."""
    patient = find_patient(request, uid)
    own_page = reverse("clinic:patient", args=[patient.uid])
    if patient.erased_at:
        toast(request, "This patient has been erased; nothing can be booked.", tone="bad")
        return go_to(request, own_page)
    kinds = list(AppointmentType.objects.of(request.organisation).filter(is_active=True))
    kinds.sort(key=lambda kind: kind.name)
    given = request.GET.get("type", "")
    kind = next((kind for kind in kinds if kind.uid == given), None)
    if kind is None and len(kinds) == 1:
        kind = kinds[0]
    if kind is None:
        if given:
            toast(request, "That appointment type is not offered. Choose another.", tone="warn")
        context = {"patient": patient, "kinds": kinds, "back": own_page}
        return page(request, "portals/clinic/patients/patient_book.html", context)
    return answer(request, _booking(request, patient, kind, has_others=len(kinds) > 1))


def _booking(
    request: ClinicRequest, patient: Patient, kind: AppointmentType, *, has_others: bool
) -> Booking:
    def act(starts_at: datetime, doctor: Doctor, tell_patient: bool) -> Appointment:
        return lifecycle.book(
            patient=patient,
            appointment_type=kind,
            starts_at=starts_at,
            doctor=doctor,
            actor=request.actor,
            now=request.now,
            tell_patient=tell_patient,
        )

    def told(starts_at: datetime, doctor: Doctor) -> list[Recipient]:
        new = Appointment(shop=patient.shop, patient=patient, doctor=doctor, starts_at=starts_at)
        return who_will_be_told_of_confirmation(new, actor=request.actor, now=request.now)

    return Booking(
        title="Book for this patient",
        submit="Book appointment",
        done="Appointment booked.",
        kind=kind,
        doctors=doctors_of(kind),
        back=reverse("clinic:patient", args=[patient.uid]),
        act=act,
        told=told,
        result=lambda visit: reverse("clinic:appointment", args=[visit.uid]),
        patient=patient,
        patient_url=reverse("clinic:patient", args=[patient.uid]),
        other_type_url=reverse("clinic:patient-book", args=[patient.uid]) if has_others else "",
    )
