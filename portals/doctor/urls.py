"""The doctor portal's routes, room by room, under one flat namespace: `doctor:today`, `doctor:appointment`, …

A room states its own paths from the portal's root (`path("availability/", …, name="availability")`).
"""

from django.urls import URLPattern, URLResolver, include, path

from .switching import switch_organisation

app_name = "doctor"
urlpatterns: list[URLPattern | URLResolver] = [
    path("organisation/", switch_organisation, name="switch-organisation"),
    path("", include("portals.doctor.today.urls")),
    path("", include("portals.doctor.appointments.urls")),
    path("", include("portals.doctor.availability.urls")),
    path("", include("portals.doctor.settings.urls")),
]
