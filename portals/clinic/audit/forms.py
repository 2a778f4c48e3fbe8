"""The filter of the audit log. A field with nonsense in it says so and filters nothing."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from portals.dates import EARLIEST, LATEST
from portals.forms import PortalForm

from .words import GROUPS, action_in_words

Choices = list[tuple[str, Any]]
STAFF, SYSTEM = "staff", "system"  # what stands for a uid where everybody of a kind is meant
_PERSON = RegexValidator(r"^([a-z]+-[0-9A-Za-z-]{1,36}|staff|system)\Z", "Nobody has this uid.")
_ACTION = RegexValidator(r"^[a-z_]{1,40}\.[a-z_]{1,40}\Z", "There is no such action.")


class DateField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            required=False,
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            **kwargs,
        )

    def validate(self, value: date | None) -> None:
        super().validate(value)
        if value is not None and not EARLIEST <= value <= LATEST:
            raise ValidationError("Enter a date of this century.")


class AuditFilterForm(PortalForm):
    person = forms.CharField(required=False, validators=[_PERSON], widget=forms.Select)
    action = forms.CharField(required=False, validators=[_ACTION], widget=forms.Select)
    uid = forms.CharField(
        label="About (uid)",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    since = DateField(label="From")
    until = DateField(label="To")

    def __init__(self, data: Any, people: Choices) -> None:
        super().__init__(data, auto_id="filter-%s")
        actions: Choices = [(group, list(names.items())) for group, names in GROUPS.items()]
        self._offer("person", [("", "Anybody"), *people])
        self._offer("action", [("", "Anything"), *actions])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")
        return cleaned

    def _offer(self, name: str, choices: Choices) -> None:
        """What is chosen stays chosen, also who left long ago and an action that is not listed."""
        widget = self.fields[name].widget
        assert isinstance(widget, forms.Select)  # noqa: S101  # a field's widget is typed loosely
        chosen = str(self.data.get(name, ""))
        if chosen and chosen not in _values(choices):
            choices = [*choices, (chosen, action_in_words(chosen) if name == "action" else chosen)]
        widget.choices = choices


def _values(choices: Choices) -> set[str]:
    """All values, those inside groups too."""
    single = {value for value, label in choices if isinstance(label, str)}
    return single.union(
        *({value for value, _ in label} for _, label in choices if not isinstance(label, str))
    )


def label_of(choices: Choices, value: str) -> str:
    """ "" for what is not on offer."""
    flat: dict[str, str] = {}
    for key, label in choices:
        flat.update({key: label} if isinstance(label, str) else dict(label))
    return flat.get(value, "")
