"""The form of a new subscription, with rows for custom headers; more rows come with a button of the form."""

from collections.abc import Mapping
from typing import Any

from django import forms

from common.outbound import refuse_headers
from notifications.models import EventType
from notifications.subscriptions import Options
from organisations.models import Organisation, Shop
from portals.forms import PortalForm

from .queries import EVENTS

FEWEST_ROWS, MOST_ROWS = 2, 20
_AS_USUAL, _YES, _NO = "", "yes", "no"


class SubscriptionForm(PortalForm):
    notification_type = forms.ChoiceField(
        label="Event",
        choices=[(event.value, f"{EVENTS[event]} ({event.value})") for event in EventType],
        widget=forms.RadioSelect,
        help_text="A reminder is an order to tell someone; a change is a notice.",
    )
    target = forms.CharField(
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
        help_text="Where we send it by POST. It must answer 2xx within 5 seconds.",
    )
    shop = forms.ChoiceField(
        required=False, help_text="Only events of one shop, or of all of them."
    )
    include_contact = forms.ChoiceField(
        label="Patient data",
        required=False,
        choices=[
            (_AS_USUAL, "As usual for the event: goes along with reminders, not with changes"),
            (_YES, "Goes along: names, addresses, numbers and the patient’s link"),
            (_NO, "Stays here: those keys are null"),
        ],
        widget=forms.RadioSelect,
    )
    include_holds = forms.BooleanField(
        label="Holds, too",
        required=False,
        help_text="Changes of appointments that nobody has confirmed yet.",
    )
    contact_email = forms.EmailField(
        label="Contact e-mail",
        required=False,
        help_text="Told, beside your admins, when the target fails and when it works again.",
    )

    def __init__(self, organisation: Organisation, *args: Any, rows: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.shops = {
            shop.uid: shop for shop in Shop.objects.of(organisation).order_by("name", "uid")
        }
        shops = self.fields["shop"]
        assert isinstance(shops, forms.ChoiceField)  # noqa: S101 -- it is declared so above
        shops.choices = [
            ("", "Every shop"),
            *((uid, str(shop)) for uid, shop in self.shops.items()),
        ]
        self.rows = min(max(rows, FEWEST_ROWS), MOST_ROWS)
        for number in range(self.rows):
            self.fields[_name(number)] = _header_field("Header name", "X-Api-Key")
            self.fields[_value(number)] = _header_field("Value", "")

    @property
    def header_rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[_name(number)], self[_value(number)]) for number in range(self.rows)]

    @property
    def can_have_more_rows(self) -> bool:
        return self.rows < MOST_ROWS

    @property
    def chosen_shop(self) -> Shop | None:
        return self.shops.get(self.cleaned_data["shop"])

    def options(self) -> Options:
        chosen = self.cleaned_data["include_contact"]
        return Options(
            headers=self.cleaned_data["headers"],
            include_contact=None if chosen == _AS_USUAL else chosen == _YES,
            include_holds=self.cleaned_data["include_holds"],
            contact_email=self.cleaned_data["contact_email"],
        )

    def clean(self) -> dict[str, Any]:
        """Collects the headers, and says beside the row what is wrong with it."""
        headers: dict[str, str] = {}
        for number in range(self.rows):
            name = self.cleaned_data.get(_name(number), "")
            value = self.cleaned_data.get(_value(number), "")
            if not name and not value:
                continue
            if problem := self._problem_of(name, value, headers):
                self.add_error(_name(number), problem)
            headers[name] = value
        return {**self.cleaned_data, "headers": headers}

    def _problem_of(self, name: str, value: str, earlier: Mapping[str, str]) -> str | None:
        if not name:
            return "Give the header a name, or leave both fields empty."
        if name.lower() in {other.lower() for other in earlier}:
            return f"The header {name} is named twice."
        return refuse_headers({name: value})


class EnableForm(PortalForm):
    send_missed = forms.BooleanField(required=False, initial=True)

    def __init__(self, *args: Any, missed: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if missed:
            events = "event" if missed == 1 else f"{missed:,} events"
            self.fields["send_missed"].label = f"Send the {events} it missed"
        else:
            del self.fields["send_missed"]


def rows_of(data: Mapping[str, Any]) -> int:
    """How many header rows a posted form has."""
    return next((n for n in range(MOST_ROWS, 0, -1) if _name(n - 1) in data), FEWEST_ROWS)


def _header_field(label: str, placeholder: str) -> forms.CharField:
    attrs = {"autocomplete": "off", "spellcheck": "false", "placeholder": placeholder}
    return forms.CharField(label=label, required=False, widget=forms.TextInput(attrs=attrs))


def _name(number: int) -> str:
    return f"header_name_{number}"


def _value(number: int) -> str:
    return f"header_value_{number}"
