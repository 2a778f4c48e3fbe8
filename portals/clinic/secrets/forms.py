"""What is asked for a new secret, before one is revoked, and to look at a token."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from booking_secrets.models import BookingSecret
from organisations.models import Organisation
from portals.clinic.shops.choice import ShopField
from portals.forms import PortalForm


class NewSecretForm(PortalForm):
    name = forms.CharField(
        max_length=200,
        help_text="What signs with it, e.g. “Shopify backend 2026”. Only your team sees it.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    shop = ShopField(help_text="Bound to one shop it signs for that shop only.")

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ShopField.offer(self.fields["shop"], organisation)


class RevokeForm(PortalForm):
    """Nothing to enter, unless patients would be left without any secret: then its name, typed."""

    def __init__(self, secret: BookingSecret, *args: Any, asks_name: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = secret.name
        if asks_name:
            self.fields["name"] = forms.CharField(
                label="Name of the secret",
                help_text=f"To be sure, type: {secret.name}",
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
            )

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if " ".join(typed.split()) != self._name:
            raise ValidationError("This is not the name of the secret.")
        return typed


class CheckForm(PortalForm):
    # Larger than a token may be, so that the judgement itself says when one is too long.
    token = forms.CharField(
        max_length=20_000,
        help_text="It is judged as a call to the API would be now. Nothing of it is stored or logged.",
        widget=forms.Textarea(
            attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false", "class": "is-code"}
        ),
    )

    def clean_token(self) -> str:
        """Without the spaces and line ends that copying adds."""
        return "".join(str(self.cleaned_data["token"]).split())
