"""A test's own routes: every component on one page inside the portal's layout, and one view per right."""

from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.views.decorators.http import require_safe

from portals.clinic.access import ClinicRequest, Right, clinic_page
from rxscale.urls import urlpatterns as real

from .gallery import gallery


def _answer(right: Right) -> URLPattern:
    @clinic_page(right)
    def view(request: ClinicRequest) -> HttpResponse:
        return HttpResponse(f"{request.organisation.name} {request.zone} {request.actor.label}")

    return path(f"test/{right}/", view)


@clinic_page(Right.VIEW)
@require_safe
def bare(request: ClinicRequest) -> HttpResponse:
    return HttpResponse(request.organisation.uid)


urlpatterns: list[URLPattern | URLResolver] = [
    *real,
    path("test/gallery/", gallery),
    path("test/bare/", bare),
    *[_answer(right) for right in Right],
]
