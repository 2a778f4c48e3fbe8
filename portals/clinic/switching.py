"""Which organisation a person of several works in: kept in the session."""

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_POST

from portals.rendering import go_to

from .access import SESSION_KEY, ClinicRequest, Right, clinic_page


@clinic_page(Right.VIEW)
@require_POST
def switch_organisation(request: ClinicRequest) -> HttpResponse:
    """Work in another organisation of one's own from now on; somebody else's is 404."""
    uid = request.POST.get("organisation", "")
    if uid not in {mine.uid for mine in request.layout.organisations}:
        raise Http404
    request.session[SESSION_KEY] = uid
    return go_to(request, request.layout.home)
