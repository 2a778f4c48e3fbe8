"""Handing a patient's data over, and erasing it: admins only, audited."""

import json

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from appointments import patient_records
from appointments.errors import Refused
from appointments.models import Appointment
from appointments.status import ACTIVE
from portals.accounts.freshness import fresh_login
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.forms import posted
from portals.rendering import go_to, page
from portals.toasts import toast

from .forms import EraseForm
from .views import find_patient


@clinic_page(Right.EXPORT)
@require_POST
def export(request: ClinicRequest, uid: str) -> HttpResponse:
    """Everything of the patient as one JSON file. A POST, for it writes into the audit log."""
    patient = find_patient(request, uid)
    data = patient_records.export(patient, actor=request.actor, now=request.now)
    text = json.dumps(data, indent=2, ensure_ascii=False)
    response = HttpResponse(text, content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{patient.uid}.json"'
    return response


@clinic_page(Right.SETTINGS)
@fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: ClinicRequest, uid: str) -> HttpResponse:
    """GET says what goes and what stays, and what must be cancelled first. POST `uid` erases."""
    patient = find_patient(request, uid)
    form = EraseForm(posted(request), patient)
    if request.method == "POST" and form.is_valid():
        try:
            patient_records.erase(patient, actor=request.actor, now=request.now)
        except Refused as error:
            form.add_error(None, error.message)
        else:
            toast(request, "The patient has been erased.")
            return go_to(request, reverse("clinic:patient", args=[patient.uid]))
    in_the_way = (
        Appointment.objects.filter(patient=patient)
        .with_status_now(list(ACTIVE), request.now)
        .for_display()
        .order_by("starts_at")
    )
    context = {"patient": patient, "form": form, "in_the_way": list(in_the_way)}
    status = 422 if request.method == "POST" else 200
    return page(request, "portals/clinic/patients/patient_erase.html", context, status=status)
