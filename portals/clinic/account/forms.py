"""What members tell of themselves."""

from django import forms

from common.clock import zone_names
from portals.forms import PortalForm

_WITHOUT_A_CITY = ("Etc/", "SystemV/", "posix/", "right/")


def zone_choices(of_organisation: str) -> list[tuple[str, str]]:
    """The organisation's, then every zone that is named after a place."""
    names = sorted(name for name in zone_names() if "/" in name)
    named = [(name, name) for name in names if not name.startswith(_WITHOUT_A_CITY)]
    return [("", f"The organisation's ({of_organisation})"), ("UTC", "UTC"), *named]


class ProfileForm(PortalForm):
    name = forms.CharField(max_length=200, help_text="As colleagues and the histories show you.")
    timezone = forms.ChoiceField(
        label="Time zone", required=False, help_text="Every time in this portal is shown in it."
    )
    mobile_phone = forms.CharField(
        label="Mobile phone number",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(
        self, *args: object, organisation_zone: str, example: str, **kwargs: object
    ) -> None:
        super().__init__(*args, **kwargs)
        zone = self.fields["timezone"]
        assert isinstance(zone, forms.ChoiceField)  # noqa: S101  # declared above
        zone.choices = zone_choices(organisation_zone)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["mobile_phone"].help_text = f"For reminders by text message. Such as {example}."
