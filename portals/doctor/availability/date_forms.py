"""The forms of single dates: a date's own hours, and time off."""

from collections.abc import Mapping
from datetime import date as date_type
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from availability.errors import Invalid
from availability.models import MINUTES_PER_DAY, AvailabilityOverride, TimeOff
from availability.times import time_in_words
from availability.values import OverrideValues, TimeOffValues, checked_hours

from .forms import DayField, EditForm, TimeOfDayField, end_as_typed

FEWEST_SPANS, MOST_SPANS = 2, 12
_OWN, _CLOSED = "own", "closed"


class OverrideForm(EditForm):
    """A date with its own hours, in as many spans as there are rows, or closed. `values` is what the verb takes."""

    date = DayField(label="Date")
    kind = forms.ChoiceField(
        label="On that date",
        choices=[(_OWN, "Other hours"), (_CLOSED, "Closed")],
        initial=_OWN,
        widget=forms.RadioSelect,
    )
    values: OverrideValues | None = None

    def __init__(
        self, *args: Any, today: date_type, spans: int, is_date_fixed: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.fields["date"].widget.attrs["min"] = today.isoformat()
        if is_date_fixed:
            self.fields["date"].widget = forms.HiddenInput()
        self.spans = min(max(spans, FEWEST_SPANS), MOST_SPANS)
        for number in range(self.spans):
            self.fields[f"start_{number}"] = TimeOfDayField(label="From", required=False)
            self.fields[f"end_{number}"] = TimeOfDayField(label="To", required=False)
        self.begin_with(self._first_field(is_date_fixed=is_date_fixed))

    def _first_field(self, *, is_date_fixed: bool) -> str:
        if "more" in self.initial:
            return f"start_{self.spans - 1}"
        if not is_date_fixed:
            return "date"
        return "kind" if self.initial.get("kind") == _CLOSED else "start_0"

    @property
    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"start_{number}"], self[f"end_{number}"]) for number in range(self.spans)]

    @property
    def can_have_more(self) -> bool:
        return self.spans < MOST_SPANS

    def clean_date(self) -> date_type:
        day: date_type = self.cleaned_data["date"]
        if day < self.today:
            raise ValidationError("Choose a date that is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        is_closed = self.cleaned_data.get("kind") == _CLOSED
        hours = [] if is_closed else self._hours()
        if not is_closed and not hours and not self.errors:
            self.add_error("start_0", "Enter the hours of that date, or choose Closed.")
        if not self.errors:
            try:
                self.values = OverrideValues(self.cleaned_data["date"], tuple(hours)).checked()
            except Invalid as error:
                self.add_refusal(error)
        return self.cleaned_data

    def _hours(self) -> list[tuple[int, int]]:
        """The spans that are filled in; what is wrong with one stands beside it."""
        hours = []
        for number in range(self.spans):
            start_name, end_name = f"start_{number}", f"end_{number}"
            start, end = self.cleaned_data.get(start_name), self.cleaned_data.get(end_name)
            if start_name in self.errors or end_name in self.errors or start == end is None:
                continue
            if start is None or end is None:
                missing = start_name if start is None else end_name
                self.add_error(missing, "Enter both times, or leave both empty.")
                continue
            try:
                hours.append(checked_hours(start, end))
            except Invalid as error:
                field = start_name if error.field == "start_time" else end_name
                self.add_error(field, error.message)
        return hours


class TimeOffForm(EditForm):
    """Whole days, unless the times that are folded away say otherwise."""

    start_date = DayField(label="First day")
    end_date = DayField(label="Last day")
    start_time = TimeOfDayField(label="From, on the first day", required=False)
    end_time = TimeOfDayField(label="To, on the last day", required=False)
    note = forms.CharField(
        required=False, max_length=200, help_text="For you alone; nobody else is shown it."
    )
    values: TimeOffValues | None = None

    def __init__(self, *args: Any, today: date_type, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        self.begin_with("start_date")

    def clean_end_date(self) -> date_type:
        day: date_type = self.cleaned_data["end_date"]
        if day < self.today:
            raise ValidationError("Choose a day that is still to come.")
        return day

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        if not self.errors:
            start, end = given["start_time"], given["end_time"]
            wanted = TimeOffValues(
                start_date=given["start_date"],
                end_date=given["end_date"],
                start_minute=0 if start is None else start,
                end_minute=MINUTES_PER_DAY if end is None else end,
                note=given["note"],
            )
            try:
                self.values = wanted.checked()
            except Invalid as error:
                self.add_error(error.field if error.field in self.fields else None, error.message)
        return given

    @property
    def has_times(self) -> bool:
        """Whether the times have to be unfolded."""
        return any(self[name].value() or self[name].errors for name in ("start_time", "end_time"))


def spans_of(data: Mapping[str, Any]) -> int:
    """How many spans a posted form has; one more where that was asked for."""
    posted = next((n for n in range(MOST_SPANS, 0, -1) if f"start_{n - 1}" in data), FEWEST_SPANS)
    return posted + ("more" in data)


def initial_of_override(override: AvailabilityOverride) -> dict[str, Any]:
    hours = OverrideValues.of(override).hours
    initial: dict[str, Any] = {
        "date": override.date,
        "kind": _OWN if hours else _CLOSED,
        "was": override.updated_at.isoformat(),
    }
    for number, (start, end) in enumerate(hours):
        initial |= {f"start_{number}": time_in_words(start), f"end_{number}": end_as_typed(end)}
    return initial


def initial_of_time_off(time_off: TimeOff) -> dict[str, Any]:
    start, end = time_off.start_minute, time_off.end_minute
    return {
        "start_date": time_off.start_date,
        "end_date": time_off.end_date,
        "start_time": time_in_words(start) if start else "",
        "end_time": time_in_words(end) if end != MINUTES_PER_DAY else "",
        "note": time_off.note,
        "was": time_off.updated_at.isoformat(),
    }
