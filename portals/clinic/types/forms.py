"""The form of one reminder rule: a time before the start as a number and a unit, the group, two switches."""

from typing import Any

from django import forms

from portals.forms import PortalForm
from reminders.models import ReminderRule
from reminders.rules import MINUTES_BEFORE

from .wording import GROUPS

_UNITS = {"1": "minutes", "60": "hours", "1440": "days"}


class RuleForm(PortalForm):
    """`cleaned_data["minutes_before"]` is what the verbs take.

    `shown` names the offset whose effect stood beside the form, `was` the rule as it was read: so saving
    neither surprises nor overwrites what somebody else has changed.
    """

    recipient_group = forms.ChoiceField(label="Who is reminded", choices=list(GROUPS.items()))
    amount = forms.IntegerField(
        label="Time before the start",
        widget=forms.NumberInput(attrs={"min": 1, "inputmode": "numeric"}),
    )
    unit = forms.ChoiceField(choices=list(_UNITS.items()))
    send_email = forms.BooleanField(label="Send an e-mail", required=False)
    send_sms = forms.BooleanField(label="Send an SMS", required=False)
    shown = forms.CharField(required=False, widget=forms.HiddenInput, max_length=10)
    was = forms.CharField(required=False, widget=forms.HiddenInput, max_length=60)

    def __init__(self, *args: Any, name: str, **kwargs: Any) -> None:
        """`name` keeps the ids of several forms on one page apart."""
        super().__init__(*args, auto_id=f"{name}-%s", **kwargs)

    def clean(self) -> dict[str, Any]:
        amount, unit = self.cleaned_data.get("amount"), self.cleaned_data.get("unit")
        least, most = MINUTES_BEFORE
        if amount is not None and unit is not None:
            minutes = amount * int(unit)
            if least <= minutes <= most:
                self.cleaned_data["minutes_before"] = minutes
            else:
                self.add_error(
                    "amount", f"Enter a time from 1 minute to 30 days ({most:,} minutes)."
                )
        return self.cleaned_data

    @property
    def readable(self) -> dict[str, Any]:
        """What can be said of the rule in the form before it is sent, or although it is not valid."""
        if self.is_bound:
            self.is_valid()
            return self.cleaned_data
        minutes = self.initial["amount"] * int(self.initial["unit"])
        return {**self.initial, "minutes_before": minutes}

    @property
    def values(self) -> dict[str, Any]:
        """The arguments of the verbs."""
        names = ("recipient_group", "minutes_before", "send_email", "send_sms")
        return {name: self.cleaned_data[name] for name in names}


def initial_of(rule: ReminderRule) -> dict[str, Any]:
    """The rule in the largest unit that holds it exactly."""
    unit = next(size for size in (1440, 60, 1) if rule.minutes_before % size == 0)
    return {
        "recipient_group": rule.recipient_group,
        "amount": rule.minutes_before // unit,
        "unit": str(unit),
        "send_email": rule.send_email,
        "send_sms": rule.send_sms,
        "was": state_of(rule),
    }


def initial_for(group: str) -> dict[str, Any]:
    """A day before, by e-mail: where most begin."""
    group = group if group in GROUPS else next(iter(GROUPS))
    return {"recipient_group": group, "amount": 24, "unit": "60", "send_email": True}


def state_of(rule: ReminderRule) -> str:
    switches = f"{int(rule.send_email)}{int(rule.send_sms)}"
    return f"{rule.recipient_group}:{rule.minutes_before}:{switches}"
