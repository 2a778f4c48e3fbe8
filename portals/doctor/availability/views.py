"""The page of the weekly editor."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portals.doctor.access import DoctorRequest, doctor_page

from .editor import answer


@doctor_page
@require_safe
def availability(request: DoctorRequest) -> HttpResponse:
    """`?type=` and `?from=` choose the preview; htmx gets it alone, or all regions as they are now."""
    return answer(request)
