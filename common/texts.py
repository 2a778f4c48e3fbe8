"""What can be stored and shown as a text."""

import unicodedata


def is_storable(text: str) -> bool:
    """PostgreSQL refuses NUL, and UTF-8 has no lone surrogates: both would be a 500 further down."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def is_one_line(text: str) -> bool:
    """Storable, and without control characters: safe in a mail header, a log line, a CSV cell."""
    return is_storable(text) and not any(unicodedata.category(char) == "Cc" for char in text)
