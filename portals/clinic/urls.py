"""The admin portal's routes, room by room, under one flat namespace: `clinic:appointments`, `clinic:patient`, …

A room states its own paths from the portal's root (`path("patients/", …, name="patients")`).
"""

from django.urls import URLPattern, URLResolver, include, path

from .switching import switch_organisation

app_name = "clinic"
urlpatterns: list[URLPattern | URLResolver] = [
    path("organisation/", switch_organisation, name="switch-organisation"),
    path("", include("portals.clinic.dashboard.urls")),
    path("", include("portals.clinic.appointments.urls")),
    path("", include("portals.clinic.patients.urls")),
    path("", include("portals.clinic.doctors.urls")),
    path("", include("portals.clinic.types.urls")),
    path("", include("portals.clinic.secrets.urls")),
    path("", include("portals.clinic.subscriptions.urls")),
    path("", include("portals.clinic.keys.urls")),
    path("", include("portals.clinic.shops.urls")),
    path("", include("portals.clinic.team.urls")),
    path("", include("portals.clinic.audit.urls")),
    path("", include("portals.clinic.account.urls")),
    path("", include("portals.clinic.search.urls")),
]
