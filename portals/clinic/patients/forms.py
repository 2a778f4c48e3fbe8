"""The forms of the patients' pages."""

from typing import Any

from django import forms

from organisations.models import Patient
from portals.forms import PortalForm


class OptOutForm(PortalForm):
    """Ticked: no reminders over this channel. Confirmations and cancellations are still sent."""

    email = forms.BooleanField(label="No reminders by e-mail", required=False)
    sms = forms.BooleanField(
        label="No reminders by SMS",
        required=False,
        help_text="Confirmations and cancellations are sent all the same.",
    )


class EraseForm(PortalForm):
    """The uid typed: nobody erases the wrong patient by a slip."""

    uid = forms.CharField(
        label="Type the patient’s uid to erase them",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, data: Any, patient: Patient) -> None:
        super().__init__(data)
        self._patient = patient

    def clean_uid(self) -> str:
        typed: str = self.cleaned_data["uid"].strip().lower()
        if typed != self._patient.uid:
            raise forms.ValidationError("This is not the uid of this patient.")
        return typed


def opt_outs_of(patient: Patient) -> OptOutForm:
    """The form as the patient's row stands."""
    return OptOutForm(
        initial={
            "email": patient.has_opted_out_of_email_reminders,
            "sms": patient.has_opted_out_of_sms_reminders,
        }
    )
