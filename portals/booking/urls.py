"""The patient's pages."""

from django.urls import path

from . import details, flow, launch, views

app_name = "booking"
urlpatterns = [
    path("book/", launch.launch, name="launch"),
    path("book/choose", flow.choose, name="choose"),
    path("book/zone", flow.change_zone, name="zone"),
    path("book/hold", flow.hold, name="hold"),
    path("book/details/<str:uid>", details.details, name="details"),
    path("book/details/<str:uid>/release", details.release, name="release"),
    path("book/done/<str:uid>", details.done, name="done"),
    path("join/<str:token>", views.join, name="join"),
    path("join/<str:token>/room", views.room, name="room"),
    path("visit/<str:token>", views.visit, name="visit"),
    path("visit/<str:token>/appointment.ics", views.calendar, name="calendar"),
]
