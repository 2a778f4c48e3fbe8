from django.urls import URLPattern, path

from .keeping import keep, lift
from .matters import attention
from .views import dashboard

urlpatterns: list[URLPattern] = [
    path("", dashboard, name="dashboard"),
    path("needs-attention/<slug:what>/", attention, name="attention"),
    path("appointments/<str:uid>/keep/", keep, name="appointment-keep"),
    path("appointments/<str:uid>/lift-keep/", lift, name="appointment-lift-keep"),
]
