from django.urls import URLPattern, path

from .views import doctor, doctors, lift, phone, stop

urlpatterns: list[URLPattern] = [
    path("doctors/", doctors, name="doctors"),
    path("doctors/<str:uid>/", doctor, name="doctor"),
    path("doctors/<str:uid>/mobile-phone/", phone, name="doctor-phone"),
    path("doctors/<str:uid>/stop/", stop, name="doctor-stop"),
    path("doctors/<str:uid>/lift-stop/", lift, name="doctor-lift"),
]
