"""What an admin may set about a doctor: a stop of new bookings; and the question why."""

from collections.abc import Sequence
from datetime import date as date_type
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from appointments.models import AppointmentType
from common.clock import zone
from common.local_time import zone_label
from portals.forms import PortalForm

_LONGEST_STOP = timedelta(days=3650)
_LONGEST_QUESTION = timedelta(days=800)  # beyond any booking horizon
_REASONS = ("On leave", "Ill", "Left the clinic", "Being set up")


class StopForm(PortalForm):
    """Until a time in the zone of the page, or, left blank, until somebody lifts it."""

    reason = forms.CharField(
        max_length=500,
        widget=forms.TextInput(attrs={"list": "stop-reasons", "autocomplete": "off"}),
        help_text="For your team and the doctor. Patients do not see it.",
    )
    until = forms.DateTimeField(
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Enter a date and a time, such as 2027-03-02 09:00."},
    )
    suggested_reasons = _REASONS

    def __init__(self, *args: Any, zone_name: str, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.zone_name, self.now = zone_name, now
        label = zone_label(now.astimezone(zone(zone_name)), zone_name)
        self.fields["until"].help_text = f"In {label}. Blank: until somebody lifts it."

    def clean_until(self) -> datetime | None:
        """What was typed is read in the zone of the page, not in the process's."""
        typed: datetime | None = self.cleaned_data["until"]
        if typed is None:
            return None
        naive = typed.replace(tzinfo=None)
        if naive > (self.now + _LONGEST_STOP).replace(tzinfo=None):
            raise ValidationError("Choose a time within the next ten years, or none.")
        if naive <= (self.now - _LONGEST_STOP).replace(tzinfo=None):
            raise ValidationError("Choose a time that is still to come.")
        return naive.replace(tzinfo=zone(self.zone_name))


class WhyForm(PortalForm):
    """A type and a date in the doctor's zone; read from the URL, so that the answer can be passed on."""

    type = forms.ChoiceField(
        label="Appointment type", error_messages={"invalid_choice": "Choose one of the types."}
    )
    date = forms.DateField(
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a date, such as 2027-03-02."},
    )

    def __init__(
        self, *args: Any, types: Sequence[AppointmentType], today: date_type, **kwargs: Any
    ) -> None:
        super().__init__(*args, auto_id="why-%s", **kwargs)
        self.types, self.today = {kind.uid: kind for kind in types}, today
        self.fields["type"].choices = [(kind.uid, kind.name) for kind in types]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_type(self) -> AppointmentType:
        return self.types[self.cleaned_data["type"]]

    def clean_date(self) -> date_type:
        day: date_type = self.cleaned_data["date"]
        if abs(day - self.today) > _LONGEST_QUESTION:
            raise ValidationError("Choose a date within two years.")
        return day
