"""The appointment types: the list and one type's page. Their rules are read here and set by the RxScale team."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from appointments.models import AppointmentType
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import get_or_404, page

from .queries import doctors_of, groups_of, last_change, types_of
from .wording import rules_in_words

DETAIL = "portals/clinic/types/detail.html"


@clinic_page(Right.VIEW)
@require_safe
def types(request: ClinicRequest) -> HttpResponse:
    context = {"types": types_of(request.organisation)}
    return page(request, "portals/clinic/types/list.html", context)


@clinic_page(Right.VIEW)
@require_safe
def appointment_type(request: ClinicRequest, uid: str) -> HttpResponse:
    """htmx gets the reminders alone: what Cancel in one of their forms goes back to."""
    kind = find_type(request, uid)
    return page(request, DETAIL, context_of(request, kind), part="reminders")


def find_type(request: ClinicRequest, uid: str) -> AppointmentType:
    kind = get_or_404(AppointmentType.objects.of(request.organisation), uid=uid)
    kind.organisation = request.organisation
    return kind


def context_of(request: ClinicRequest, kind: AppointmentType) -> dict[str, object]:
    """What the type's page shows. Seven queries, whatever there is."""
    return {
        "kind": kind,
        "rules": rules_in_words(kind),
        "doctors": doctors_of(kind),
        "groups": groups_of(kind, now=request.now),
        "last_change": last_change(kind),
    }
