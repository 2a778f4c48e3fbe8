from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("account/", views.account, name="account"),
    path("account/reminders/", views.switch_reminders, name="account-reminders"),
    path("account/sessions/end/", views.end_sessions, name="account-end-sessions"),
]
