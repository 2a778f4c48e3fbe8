"""The demo's own pages. They are routes only where DEMO_DOORS says so (rxscale/urls.py)."""

from django.urls import path

from . import doors

app_name = "demo"
urlpatterns = [
    path("", doors.front, name="doors"),
    path("demo/enter/<slug:door>", doors.enter, name="enter"),
]
