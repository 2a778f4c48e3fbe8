from django.urls import URLPattern, path

from . import views

_BASE = "settings/booking-secrets/"

urlpatterns: list[URLPattern] = [
    path(_BASE, views.secrets_list, name="secrets"),
    path(f"{_BASE}new/", views.create, name="secret-new"),
    path(f"{_BASE}check-a-token/", views.check_token, name="secret-check"),
    path(f"{_BASE}<str:key_id>/", views.secret_page, name="secret"),
    path(f"{_BASE}<str:key_id>/reveal/", views.reveal, name="secret-reveal"),
    path(f"{_BASE}<str:key_id>/revoke/", views.revoke, name="secret-revoke"),
]
