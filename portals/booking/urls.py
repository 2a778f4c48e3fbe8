"""The patient's pages."""

from django.urls import path

from . import cancelling, details, flow, launch, moving, reminder_choice, views

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
    path("visit/<str:token>/cancel", cancelling.cancel, name="cancel"),
    path("visit/<str:token>/move", moving.move, name="move"),
    path("visit/<str:token>/move/zone", moving.move_zone, name="move-zone"),
    path("visit/<str:token>/reminders", reminder_choice.reminders, name="reminders"),
]
