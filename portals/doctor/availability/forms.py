"""The forms of the weekly hours: a window with typed times, and the days one day is copied to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from availability.errors import Invalid
from availability.models import MINUTES_PER_DAY, AvailabilityWindow, Weekday
from availability.times import parse_time_of_day, time_in_words
from availability.values import WindowValues
from portals.forms import PortalForm

_LONGEST_TIME = 20
_FIELDS = {"start_time": "start", "end_time": "end"}


class TimeOfDayField(forms.CharField):
    """Minutes since midnight of `9`, `0930`, `9:30 pm`, `24:00`; what was typed stays in the form."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"list": "quarter-hours", "autocomplete": "off", "class": "time-of-day"}
        kwargs = {"widget": forms.TextInput(attrs=attrs), "max_length": _LONGEST_TIME, **kwargs}
        super().__init__(**kwargs)

    def clean(self, value: object) -> Any:
        typed = super().clean(value)
        if not typed:
            return None
        try:
            return parse_time_of_day(typed)
        except ValueError as error:
            raise ValidationError(str(error)) from error


class DayField(forms.DateField):
    """A date, by the browser's calendar or typed as 2027-03-02."""

    def __init__(self, **kwargs: Any) -> None:
        invalid = {"invalid": "Enter a date, such as 2027-03-02."}
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"widget": widget, "error_messages": invalid, **kwargs})


class EditForm(PortalForm):
    """What every edit carries along: the row as it was read, and how many visits the form said it leaves outside.

    So saving neither overwrites what somebody else has changed, nor surprises.
    """

    was = forms.CharField(required=False, widget=forms.HiddenInput, max_length=40)
    shown = forms.CharField(required=False, widget=forms.HiddenInput, max_length=10)

    def __init__(self, *args: Any, slot: str, **kwargs: Any) -> None:
        """`slot` keeps the ids of several forms on one page apart."""
        super().__init__(*args, auto_id=f"{slot}-%s", **kwargs)
        self.slot = slot

    def begin_with(self, name: str) -> None:
        """Whoever opened the form types there at once; a form that comes back leads to what is wrong with it."""
        if not self.is_bound:
            self.fields[name].widget.attrs["autofocus"] = True

    @property
    def expected(self) -> datetime | None:
        """The `updated_at` the editor saw; None where it saw none, or says nonsense."""
        return moment(self.cleaned_data.get("was", ""))

    def add_refusal(self, error: Invalid) -> None:
        """What the domain refuses, beside its field."""
        field = _FIELDS.get(error.field, error.field)
        self.add_error(field if field in self.fields else None, ValidationError(error.message))

    def knows(self, visits: Sequence[object]) -> bool:
        """Whether the form has said already that so many visits will be outside."""
        return not visits or self.cleaned_data.get("shown") == str(len(visits))


class WindowForm(EditForm):
    """`values` is what the verbs take; None while the form is not valid."""

    weekday = forms.TypedChoiceField(choices=Weekday.choices, coerce=int, widget=forms.HiddenInput)
    start = TimeOfDayField(label="From")
    end = TimeOfDayField(label="To")
    valid_from = DayField(label="First day", required=False)
    valid_until = DayField(label="Last day", required=False)

    values: WindowValues | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.begin_with("start")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors:
            wanted = WindowValues(
                given["weekday"],
                given["start"],
                given["end"],
                given["valid_from"],
                given["valid_until"],
            )
            try:
                self.values = wanted.checked()
            except Invalid as error:
                self.add_refusal(error)
        return given

    @property
    def has_dates(self) -> bool:
        """Whether the validity dates have to be unfolded."""
        return any(
            self[name].value() or self[name].errors for name in ("valid_from", "valid_until")
        )


class CopyForm(EditForm):
    """To which days the hours of one are copied. `was` says of each day of the week what it was like."""

    was = forms.CharField(required=False, widget=forms.HiddenInput, max_length=100)
    to = forms.TypedMultipleChoiceField(
        label="Copy to",
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose a day."},
    )

    def __init__(self, *args: Any, days: Sequence[tuple[int, str]], **kwargs: Any) -> None:
        """`days` are the other days of the week, with what the copy would replace."""
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = days  # type: ignore[attr-defined]  # a choice field, declared above
        self.begin_with("to")

    @property
    def states(self) -> dict[int, str] | None:
        """As `availability.editing.states_of_days` gave them; None where the form carries none."""
        states = self.cleaned_data.get("was", "").split()
        return dict(enumerate(states)) if states else None


def initial_of(window: AvailabilityWindow) -> dict[str, Any]:
    return typed(WindowValues.of(window)) | {"was": window.updated_at.isoformat()}


def typed(values: WindowValues) -> dict[str, Any]:
    """The values as somebody would have typed them."""
    return {
        "weekday": values.weekday,
        "start": time_in_words(values.start_minute),
        "end": end_as_typed(values.end_minute),
        "valid_from": values.valid_from,
        "valid_until": values.valid_until,
    }


def end_as_typed(minute: int) -> str:
    """An end on the next day is its time there."""
    return time_in_words(minute if minute <= MINUTES_PER_DAY else minute - MINUTES_PER_DAY)


def moment(text: str) -> datetime | None:
    """An instant as forms carry it; None for nonsense."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else None
