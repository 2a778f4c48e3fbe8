"""Every route of the house, by surface."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portals.doctor.feed import feed
from portals.views import landing
from rxscale.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("", landing, name="landing"),
    path("", include("portals.booking.urls")),
    path("v1/", include("api.urls")),
    path("accounts/", include("portals.accounts.urls")),
    path("admin/", include("portals.clinic.urls")),
    path("doctor/", include("portals.doctor.urls")),
    path("calendar/<str:token>.ics", feed, name="doctor-feed"),
    path("hooks/", include("api.hooks.urls")),
    path("staff/", admin.site.urls),
]
