"""Every route of the house, by surface."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from portals.doctor.feed import feed
from portals.views import landing
from rxscale.health import healthz, readyz
from rxscale.metrics import metrics


def routes(*, has_doors: bool) -> list[URLPattern | URLResolver]:
    """The house; with doors, the demo's own pages before it, which take its front door's place."""
    house: list[URLPattern | URLResolver] = [
        path("healthz", healthz, name="healthz"),
        path("readyz", readyz, name="readyz"),
        path("metrics", metrics, name="metrics"),
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
    return [path("", include("rxscale.demo.urls")), *house] if has_doors else house


handler400 = "rxscale.failures.bad_request"
handler403 = "rxscale.failures.not_allowed"
handler404 = "rxscale.failures.not_found"
handler500 = "rxscale.failures.failed"
urlpatterns = routes(has_doors=settings.DEMO_DOORS)
