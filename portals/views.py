"""The front door."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from common.access import public

from .access import self_contained


@public("says what this is and where to go on")
@require_safe
@self_contained
def landing(request: HttpRequest) -> HttpResponse:
    return render(request, "portals/landing.html")
