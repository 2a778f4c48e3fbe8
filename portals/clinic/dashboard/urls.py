from django.urls import URLPattern, path

from .matters import attention
from .views import dashboard

urlpatterns: list[URLPattern] = [
    path("", dashboard, name="dashboard"),
    path("needs-attention/<slug:what>/", attention, name="attention"),
]
