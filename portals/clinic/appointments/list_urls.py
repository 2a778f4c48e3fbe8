"""The routes of the list and of the day."""

from django.urls import URLPattern, path

from .bulk import cancel_several
from .day import day
from .export import export
from .list import appointments
from .patient_choice import choose_patient

urlpatterns: list[URLPattern] = [
    path("appointments/", appointments, name="appointments"),
    path("appointments/day/", day, name="day"),
    path("appointments/export/", export, name="appointments-export"),
    path("appointments/cancel/", cancel_several, name="appointments-cancel"),
    path("appointments/patient/", choose_patient, name="appointments-patient"),
]
