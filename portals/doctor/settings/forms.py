"""What doctors tell of themselves."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from appointments.notices import DOCTOR_IS_TOLD_WITHIN
from organisations.models import Doctor, DoctorNotice
from portals.forms import PortalForm
from portals.zone_choices import zone_choices

_HOURS = int(DOCTOR_IS_TOLD_WITHIN.total_seconds() // 3600)
NOTICES: dict[str, str] = {
    DoctorNotice.BOOKED: f"A new visit that starts within {_HOURS} hours",
    DoctorNotice.MOVED: "A visit that was moved",
    DoctorNotice.CANCELLED: "A visit that was cancelled, or handed to a colleague",
    DoctorNotice.REMINDER_EMAIL: "Reminders by e-mail",
    DoctorNotice.REMINDER_SMS: "Reminders by text message",
}


class NameForm(PortalForm):
    display_name = forms.CharField(
        label="Name", max_length=200, help_text="As patients and colleagues see it."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["display_name"].widget.attrs["autocomplete"] = "name"


class NoticesForm(PortalForm):
    """`chosen` tells a form with every box empty from one that was not filled in at all."""

    notices = forms.MultipleChoiceField(
        label="Send me",
        choices=list(NOTICES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    chosen = forms.CharField(widget=forms.HiddenInput, initial="yes")

    def __init__(self, *args: Any, doctor: Doctor, **kwargs: Any) -> None:
        wanted = [notice.value for notice in DoctorNotice if doctor.wants(notice)]
        super().__init__(*args, initial={"notices": wanted, "chosen": "yes"}, **kwargs)
        self.fields["chosen"].error_messages["required"] = "Choose what is sent to you."


class ZoneForm(PortalForm):
    """The current zone is no choice."""

    timezone = forms.ChoiceField(
        label="New time zone",
        error_messages={
            "invalid_choice": "Choose one of the zones.",
            "required": "Choose a zone.",
        },
    )

    def __init__(self, *args: Any, current: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.current = current
        zone = self.fields["timezone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101  # declared above
        zone.choices = _with_blank([choice for choice in zone_choices() if choice[0] != current])

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name == self.current:
            raise ValidationError("This is your zone already.")
        return name


def _with_blank(choices: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [("", "Choose a zone"), *choices]
