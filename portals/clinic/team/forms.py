"""What is asked when somebody is invited or gets another role."""

from django import forms

from organisations.models import Role
from portals.forms import PortalForm

_ROLES = [
    (Role.ADMIN.value, "Admin: everything, settings and the team included"),
    (
        Role.OPERATIONS.value,
        "Operations: appointments, patients and doctors; no settings, no export",
    ),
]


class RoleForm(PortalForm):
    role = forms.ChoiceField(choices=_ROLES, widget=forms.RadioSelect)


class InviteForm(PortalForm):
    email = forms.EmailField(
        label="E-mail address",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text="We mail a link that works once, for seven days.",
    )
    role = forms.ChoiceField(
        choices=_ROLES, widget=forms.RadioSelect, initial=Role.OPERATIONS.value
    )
