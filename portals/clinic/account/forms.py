"""What members tell of themselves."""

from django import forms

from portals.forms import PortalForm
from portals.zone_choices import zone_choices


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
        zone.choices = [("", f"The organisation's ({organisation_zone})"), *zone_choices()]
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["mobile_phone"].help_text = f"For reminders by text message. Such as {example}."
