"""Telephone numbers become E.164 or are refused with words."""

import pytest

from organisations.phones import to_e164


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("030 901820", "DE", "+4930901820"),
        ("+49 (0)30 / 90 18 20", "US", "+4930901820"),
        ("0049 30 901820", "DE", "+4930901820"),
        ("07700 900123", "GB", "+447700900123"),
        ("(415) 555-0123", "US", "+14155550123"),
        ("+1 415 555 0123", "", "+14155550123"),
        ("٠٣٠ ٩٠١٨٢٠", "DE", "+4930901820"),
    ],
)
def test_a_number_is_read_in_its_country(text: str, country: str, expected: str) -> None:
    assert to_e164(text, country) == expected


@pytest.mark.parametrize(
    ("text", "country", "message"),
    [
        ("", "DE", "This is not a telephone number."),
        ("call me", "DE", "This is not a telephone number."),
        ("030 901820", "", "Enter the number with its country code, beginning with +."),
        ("1", "DE", "This is not a telephone number."),
        ("+49 12", "DE", "This number is too short or too long for its country."),
        ("555-0123", "US", "This number is too short or too long for its country."),
        ("+999 123456789", "DE", "This is not a telephone number."),
        ("0" * 61, "DE", "This is too long for a telephone number."),
        ("\ud800", "DE", "This is not a telephone number."),
    ],
)
def test_what_is_no_number_is_refused_in_words(text: str, country: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"^This|^Enter") as refusal:
        to_e164(text, country)

    assert str(refusal.value) == message
