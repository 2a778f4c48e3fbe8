"""Telephone numbers as E.164, the only form that is stored."""

import re

import phonenumbers

from .models import E164

_LONGEST = 60


def to_e164(text: str, country: str) -> str:
    """`text` as +<country code><number>; without a country code it is read in `country` (ISO alpha-2).

    `country` "" accepts international numbers only. Lengths are checked against the country's
    plan, ranges are not: operators open new ones before any list knows them.
    Raises ValueError with a message for people, which does not repeat the number.
    """
    try:
        if len(text) > _LONGEST:
            raise ValueError("This is too long for a telephone number.")
        number = phonenumbers.parse(text, country or None)
    except phonenumbers.NumberParseException as error:
        raise ValueError(_complaint(error, country)) from None
    result = phonenumbers.is_possible_number_with_reason(number)
    if result != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise ValueError("This number is too short or too long for its country.")
    formatted = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if not re.fullmatch(E164, formatted):
        raise ValueError("This is not a telephone number that can be called from abroad.")
    return formatted


def _complaint(error: phonenumbers.NumberParseException, country: str) -> str:
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not country:
        return "Enter the number with its country code, beginning with +."
    return "This is not a telephone number."


def example_of(country: str) -> str:
    """A mobile number of that country as E.164, to show how one is written; a German one by default."""
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    return (
        str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        if number
        else "+4915123456789"
    )
