"""Everything below /hooks/."""

from django.urls import URLPattern, re_path

from .email import email_event
from .twilio import sms_status

urlpatterns: list[URLPattern] = [
    re_path(r"^twilio/(?P<delivery_uid>dlv-[a-z0-9]{1,40})/?$", sms_status, name="hook-twilio"),
    re_path(r"^email/$", email_event, name="hook-email"),
]
