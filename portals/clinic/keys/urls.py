from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("settings/api-keys/", views.keys_list, name="keys"),
    path("settings/api-keys/new/", views.create, name="key-new"),
    path("settings/api-keys/<str:uid>/revoke/", views.revoke, name="key-revoke"),
]
