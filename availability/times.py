"""Times of day as people type and read them. Minutes count from local midnight; 1440 is `24:00`."""

import re
from collections.abc import Iterable
from datetime import date

_TYPED = re.compile(
    r"""\s* (?: (?P<hour>\d{1,2}) (?: [:.h] (?P<minute>\d{2}) )?  # 9, 9:30, 9.30, 9h30
          | (?P<digits>\d{3,4}) )                             # 930, 0930
        \s* (?P<half>[ap]\.?m\.?)? \s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_HELP = "Enter a time such as 9:30, 0930 or 9:30 pm."


def parse_time_of_day(text: str) -> int:
    """Minutes since midnight of what was typed: `9`, `0930`, `9:30 pm`, `24:00`.

    Raises ValueError with a message for the person who typed.
    """
    typed = _TYPED.fullmatch(text)
    if typed is None:
        raise ValueError(_HELP)
    digits = typed["digits"]
    hour = int(digits[:-2] if digits else typed["hour"])
    minute = int((digits[-2:] if digits else typed["minute"]) or 0)
    if typed["half"]:
        hour = _on_24_hours(hour, is_afternoon=typed["half"].lower().startswith("p"))
    if minute > 59 or hour * 60 + minute > 1440:
        raise ValueError(_HELP)
    return hour * 60 + minute


def _on_24_hours(hour: int, *, is_afternoon: bool) -> int:
    if not 1 <= hour <= 12:
        raise ValueError(_HELP)
    return hour % 12 + (12 if is_afternoon else 0)


def time_in_words(minute: int) -> str:
    """`09:30`, `24:00`; `02:00 (next day)` beyond."""
    if minute <= 1440:
        return f"{minute // 60:02}:{minute % 60:02}"
    return f"{minute // 60 - 24:02}:{minute % 60:02} (next day)"


def date_in_words(day: date) -> str:
    """`Tue 2 Mar 2027`."""
    return f"{day:%a %-d %b %Y}"


def hours_in_words(hours: Iterable[tuple[int, int]]) -> str:
    """`09:00–12:00, 22:00–02:00 (next day)`, or `closed`."""
    spans = [f"{time_in_words(start)}–{time_in_words(end)}" for start, end in hours]
    return ", ".join(spans) or "closed"
