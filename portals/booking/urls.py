"""The patient's pages."""

from django.urls import path

from . import views

app_name = "booking"
urlpatterns = [
    path("join/<str:token>", views.join, name="join"),
    path("join/<str:token>/room", views.room, name="room"),
    path("visit/<str:token>", views.visit, name="visit"),
    path("visit/<str:token>/appointment.ics", views.calendar, name="calendar"),
]
