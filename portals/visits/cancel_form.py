"""What staff say when cancelling, for one visit or for many."""

from django import forms

from appointments.models import OnBehalfOf
from portals.forms import PortalForm

USUAL_REASONS = (
    "Doctor is ill",
    "Doctor is away",
    "Patient asked to cancel",
    "Patient cannot be reached",
    "Booked by mistake",
    "Technical problem",
)


class WithSuggestions(forms.TextInput):
    """A text field with usual answers to press beneath it (app.js); without JavaScript the plain field."""

    template_name = "portals/visits/_suggestions.html"

    def __init__(self, suggestions: tuple[str, ...]) -> None:
        super().__init__(attrs={"autocomplete": "off"})
        self.suggestions = suggestions

    def get_context(
        self, name: str, value: object, attrs: dict[str, object] | None
    ) -> dict[str, object]:
        context = super().get_context(name, value, attrs)
        context["widget"]["suggestions"] = self.suggestions
        return dict(context)


class CancelForm(PortalForm):
    """The arguments of `lifecycle.cancel`; its own checks have the last word. So a doctor speaks, for themselves."""

    reason = forms.CharField(
        max_length=500,
        widget=WithSuggestions(USUAL_REASONS),
        help_text="For your team. Patients and partners never see it.",
        error_messages={"required": "Say why. Choose a usual reason or write your own."},
    )
    message = forms.CharField(
        label="Message to the patient",
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It goes into the e-mail that tells of the cancellation.",
    )
    tell_patient = forms.BooleanField(
        label="Tell the patient",
        required=False,
        initial=True,
        help_text="Unticked, it is silent and the history says so.",
    )


class OfficeCancelForm(CancelForm):
    """An admin says on whose behalf, too."""

    on_behalf_of = forms.ChoiceField(
        label="On whose behalf",
        choices=[
            (OnBehalfOf.CLINIC, "The clinic’s own decision"),
            (OnBehalfOf.DOCTOR, "The doctor asked for it"),
            (OnBehalfOf.PATIENT, "The patient asked for it"),
        ],
        initial=OnBehalfOf.CLINIC,
        widget=forms.RadioSelect,
    )

    field_order = ("reason", "message", "on_behalf_of", "tell_patient")
