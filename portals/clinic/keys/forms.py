"""What is asked for a new API key: its name, what it may do, and for which shop."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString

from organisations.models import Organisation, Permission
from portals.clinic.shops.choice import ShopField
from portals.forms import PortalForm

WHAT_IT_ALLOWS: dict[str, str] = {
    Permission.SCHEDULING_READ: "Read appointments, appointment types, reminders, doctors and their hours.",
    Permission.SCHEDULING_WRITE: "Book, confirm, move and cancel visits for patients on the Scheduling API.",
    Permission.SCHEDULING_ADMIN: "Change types, reminders and hours, act as staff on visits, reveal booking secrets.",
    Permission.PATIENT_READ: "Read and export patients.",
    Permission.PATIENT_WRITE: "Create, change and erase patients.",
    Permission.SUBSCRIPTION_READ: "Read notification subscriptions, without their signing secrets.",
    Permission.SUBSCRIPTION_WRITE: "Create, test and delete notification subscriptions.",
}


def _choice(permission: Permission) -> tuple[str, SafeString]:
    explained = WHAT_IT_ALLOWS[permission]
    return permission.value, format_html("<span><code>{}</code> {}</span>", permission, explained)


class NewKeyForm(PortalForm):
    name = forms.CharField(
        max_length=200,
        help_text="What uses it, e.g. “Data warehouse”. It stands in histories and in the audit log.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    permissions = forms.MultipleChoiceField(
        label="What it may do",
        help_text="None includes another: tick all it needs, and no more.",
        choices=[_choice(permission) for permission in Permission],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Tick at least one."},
    )
    shop = ShopField(help_text="Bound to one shop, it sees nothing of the others.")

    def __init__(self, organisation: Organisation, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ShopField.offer(self.fields["shop"], organisation)
