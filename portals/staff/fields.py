"""Form fields of the staff pages: what people type, checked and turned into what is stored."""

from typing import Any

import phonenumbers
from django import forms

from availability.models import MINUTES_PER_DAY
from availability.times import parse_time_of_day, time_in_words
from common.clock import zone_names
from organisations.phones import to_e164

_LONGEST_NUMBER = 60


class TimeZoneField(forms.ChoiceField):
    """One of the IANA zones."""

    def __init__(self, *, required: bool, help_text: str = "") -> None:
        zones = [(name, name) for name in sorted(zone_names())]
        super().__init__(
            choices=[("", "---------"), *zones], required=required, help_text=help_text
        )


class PhoneField(forms.CharField):
    """A number as people write it, with its country code; stored as E.164."""

    def __init__(self, *, label: str, help_text: str = "") -> None:
        super().__init__(
            label=label,
            required=False,
            max_length=_LONGEST_NUMBER,
            help_text=help_text or "With the country code, such as +49 30 901820.",
        )

    def clean(self, value: Any) -> str:
        text: str = super().clean(value)
        try:
            return to_e164(text, "") if text else ""
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid_number") from None


class CountryField(forms.CharField):
    """An ISO 3166 alpha-2 code in which telephone numbers can be read."""

    def clean(self, value: Any) -> str:
        code: str = super().clean(value).upper()
        if code not in phonenumbers.SUPPORTED_REGIONS:
            raise forms.ValidationError("Enter a two-letter country code such as DE.")
        return code


class TimeOfDayField(forms.CharField):
    """A local time as people type it (9, 0930, 9:30 pm); an end of day is 24:00. Gives minutes."""

    widget = forms.TextInput(attrs={"size": 8, "placeholder": "HH:MM"})

    def clean(self, value: Any) -> int | None:
        text: str = super().clean(value)
        try:
            return parse_time_of_day(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid_time") from None

    def prepare_value(self, value: Any) -> Any:
        return _typed(value) if isinstance(value, int) else value


class HoursField(forms.CharField):
    """Spans of one day such as 09:00-12:00, 13:00-17:00. Gives pairs of minutes, none when blank."""

    def clean(self, value: Any) -> tuple[tuple[int, int], ...]:
        text: str = super().clean(value)
        spans = (span for span in text.split(",") if span.strip())
        try:
            return tuple(_span(span) for span in spans)
        except ValueError as error:
            raise forms.ValidationError(str(error), code="invalid_hours") from None

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) or value is None:
            return value
        return ", ".join(f"{_typed(start)}-{_typed(end)}" for start, end in value)


def _span(text: str) -> tuple[int, int]:
    start, dash, end = text.replace("–", "-").partition("-")
    if not dash:
        raise ValueError("Enter spans such as 09:00-12:00, separated by commas.")
    return parse_time_of_day(start), parse_time_of_day(end)


def _typed(minute: int) -> str:
    """As it was typed: past midnight, the next day's time."""
    return time_in_words(minute if minute <= MINUTES_PER_DAY else minute - MINUTES_PER_DAY)
