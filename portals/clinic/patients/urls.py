from django.urls import URLPattern, path

from .booking import book
from .reachability import lift_suppression, opt_outs
from .records import erase, export
from .views import patient, patients

urlpatterns: list[URLPattern] = [
    path("patients/", patients, name="patients"),
    path("patients/<str:uid>/", patient, name="patient"),
    path("patients/<str:uid>/book/", book, name="patient-book"),
    path("patients/<str:uid>/opt-outs/", opt_outs, name="patient-opt-outs"),
    path("patients/<str:uid>/lift/", lift_suppression, name="patient-lift"),
    path("patients/<str:uid>/export/", export, name="patient-export"),
    path("patients/<str:uid>/erase/", erase, name="patient-erase"),
]
