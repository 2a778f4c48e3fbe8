"""The doctor's day."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portals.doctor.access import DoctorRequest, doctor_page
from portals.rendering import page


@doctor_page
@require_safe
def today(request: DoctorRequest) -> HttpResponse:
    return page(request, "portals/doctor/today/today.html", {})
