"""The routes of the weekly editor. The words `new`, `copy` and `effect` come before the uids."""

from django.urls import URLPattern, path

from . import copying, hours, keeping, overrides, time_off, views

_HOURS, _DATES, _OFF = "availability/hours/", "availability/dates/", "availability/time-off/"
_VISITS = "availability/visits/"

urlpatterns: list[URLPattern] = [
    path("availability/", views.availability, name="availability"),
    path(f"{_HOURS}new/", hours.add, name="availability-hours-add"),
    path(f"{_HOURS}copy/", copying.copy, name="availability-hours-copy"),
    path(f"{_HOURS}copy/undo/", copying.undo_copy, name="availability-hours-uncopy"),
    path(f"{_HOURS}copy/effect/", copying.show_effect, name="availability-hours-copy-effect"),
    path(f"{_HOURS}effect/", hours.show_effect, name="availability-hours-effect"),
    path(f"{_HOURS}<str:uid>/", hours.edit, name="availability-hours"),
    path(f"{_HOURS}<str:uid>/remove/", hours.remove, name="availability-hours-remove"),
    path(f"{_DATES}new/", overrides.add, name="availability-date-add"),
    path(f"{_DATES}effect/", overrides.show_effect, name="availability-date-effect"),
    path(f"{_DATES}<str:uid>/", overrides.edit, name="availability-date"),
    path(f"{_DATES}<str:uid>/remove/", overrides.remove, name="availability-date-remove"),
    path(f"{_OFF}new/", time_off.add, name="availability-off-add"),
    path(f"{_OFF}effect/", time_off.show_effect, name="availability-off-effect"),
    path(f"{_OFF}<str:uid>/", time_off.edit, name="availability-off"),
    path(f"{_OFF}<str:uid>/remove/", time_off.remove, name="availability-off-remove"),
    path(f"{_VISITS}keep/", keeping.keep_all, name="availability-keep-all"),
    path(f"{_VISITS}unkeep/", keeping.unkeep_all, name="availability-unkeep-all"),
    path(f"{_VISITS}<str:uid>/keep/", keeping.keep, name="availability-keep"),
    path(f"{_VISITS}<str:uid>/unkeep/", keeping.unkeep, name="availability-unkeep"),
]
