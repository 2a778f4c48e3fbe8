from django.urls import URLPattern, path

from .actions import ACTS, act_view, book_again, rebook
from .detail import appointment, join
from .list import appointments
from .week import week

_OWN = "appointments/<str:uid>/"

urlpatterns: list[URLPattern] = [
    path("appointments/", appointments, name="appointments"),
    # Before the uids, which would take `week` for one.
    path("appointments/week/", week, name="appointments-week"),
    path(_OWN, appointment, name="appointment"),
    path(f"{_OWN}join/", join, name="appointment-join"),
    *[path(f"{_OWN}{act.name}/", act_view(act), name=f"appointment-{act.name}") for act in ACTS],
    path(f"{_OWN}rebook/", rebook, name="appointment-rebook"),
    path(f"{_OWN}book-again/", book_again, name="appointment-book-again"),
]
