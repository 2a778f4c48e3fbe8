"""Typed times."""

import pytest

from availability.times import hours_in_words, parse_time_of_day


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("9", 540),
        ("09", 540),
        ("930", 570),
        ("0930", 570),
        ("9:30", 570),
        ("9.30", 570),
        ("9h30", 570),
        (" 09:30 ", 570),
        ("9:30 pm", 1290),
        ("9pm", 1260),
        ("930 PM", 1290),
        ("9 p.m.", 1260),
        ("12 am", 0),
        ("12:15am", 15),
        ("12 pm", 720),
        ("0", 0),
        ("00:00", 0),
        ("24:00", 1440),
        ("24", 1440),
        ("2400", 1440),
    ],
)
def test_typed_times_are_understood(text: str, minutes: int) -> None:
    assert parse_time_of_day(text) == minutes


@pytest.mark.parametrize(
    "text",
    ["", "x", "25", "24:01", "9:60", "0960", "13 pm", "0 am", "9:3", "-1", "9:30:00", "12345", "٩"],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="such as 9:30"):
        parse_time_of_day(text)


def test_hours_read_as_spans() -> None:
    assert hours_in_words([(540, 720), (1320, 1560)]) == "09:00–12:00, 22:00–02:00 (next day)"
    assert hours_in_words([(0, 1440)]) == "00:00–24:00"
    assert hours_in_words([]) == "closed"
