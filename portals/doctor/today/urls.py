from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("", views.today, name="today"),
    path("today/<str:uid>/<str:what>/", views.outcome, name="today-outcome"),
]
