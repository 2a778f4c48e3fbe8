from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("settings/audit-log/", views.audit_log, name="audit"),
    path("settings/audit-log/export/", views.export, name="audit-export"),
]
