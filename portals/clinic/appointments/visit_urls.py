"""The routes of one appointment. They come after the lists' own words (`day`, `export` …)."""

from django.urls import URLPattern, path

from .actions import ACTS, act_view
from .detail import appointment
from .rebooking import book_again, rebook
from .resending import resend

_OWN = "appointments/<str:uid>/"

urlpatterns: list[URLPattern] = [
    path(_OWN, appointment, name="appointment"),
    *[path(f"{_OWN}{act.name}/", act_view(act), name=f"appointment-{act.name}") for act in ACTS],
    path(f"{_OWN}rebook/", rebook, name="appointment-rebook"),
    path(f"{_OWN}book-again/", book_again, name="appointment-book-again"),
    path(
        f"{_OWN}deliveries/<str:delivery_uid>/resend/",
        resend,
        name="appointment-resend",
    ),
]
