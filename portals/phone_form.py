"""A doctor's mobile phone number, as the doctor and the clinic enter it."""

from typing import Any

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError

from organisations.models import Organisation, Shop

from .forms import PortalForm


class PhoneForm(PortalForm):
    """Blank takes the number away."""

    mobile_phone = forms.CharField(
        label="Mobile phone number",
        required=False,
        max_length=60,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, example: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[
            "mobile_phone"
        ].help_text = (
            f"With its country code, such as {example}. For text messages; patients never see it."
        )

    def clean_mobile_phone(self) -> str:
        if "mobile_phone" not in self.data:
            raise ValidationError("Enter the number, or leave it blank to take it away.")
        return str(self.cleaned_data["mobile_phone"])


def example_number(organisation: Organisation) -> str:
    """A mobile number as they look in the country of the clinic's first shop. One query."""
    shops = Shop.objects.of(organisation).order_by("-is_active", "id")
    country = shops.values_list("country", flat=True).first() or "DE"
    mobile = phonenumbers.PhoneNumberType.MOBILE
    number = phonenumbers.example_number_for_type(country, mobile)
    number = number or phonenumbers.example_number_for_type("DE", mobile)
    if number is None:
        raise LookupError("phonenumbers knows no German mobile number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
