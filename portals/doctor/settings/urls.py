from django.urls import URLPattern, path

from . import calendar, views

urlpatterns: list[URLPattern] = [
    path("settings/", views.settings, name="settings"),
    path("settings/mobile-phone/", views.mobile_phone, name="settings-mobile-phone"),
    path("settings/name/", views.name, name="settings-name"),
    path("settings/notices/", views.notices, name="settings-notices"),
    path("settings/time-zone/", views.time_zone, name="settings-time-zone"),
    path("settings/sessions/end/", views.end_sessions, name="settings-end-sessions"),
    path("settings/calendar/", calendar.create, name="settings-calendar"),
    path("settings/calendar/renew/", calendar.renew, name="settings-calendar-renew"),
    path("settings/calendar/off/", calendar.revoke, name="settings-calendar-off"),
]
