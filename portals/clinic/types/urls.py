from django.urls import URLPattern, path

from .previews import preview, preview_mail, send_to_me
from .reminders import add, edit, remove, restore, show_effect
from .views import appointment_type, types

urlpatterns: list[URLPattern] = [
    path("types/", types, name="types"),
    path("types/<str:uid>/", appointment_type, name="type"),
    path("types/<str:uid>/reminders/add/", add, name="reminder-add"),
    path("types/<str:uid>/reminders/effect/", show_effect, name="reminder-effect"),
    path("types/<str:uid>/reminders/preview/", preview, name="reminder-preview"),
    path("types/<str:uid>/reminders/preview/mail/", preview_mail, name="reminder-preview-mail"),
    path("types/<str:uid>/reminders/send-to-me/", send_to_me, name="reminder-send-to-me"),
    path("reminders/<str:uid>/", edit, name="reminder"),
    path("reminders/<str:uid>/remove/", remove, name="reminder-remove"),
    path("reminders/<str:uid>/restore/", restore, name="reminder-restore"),
]
