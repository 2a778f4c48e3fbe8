"""Checks that several verbs of this package share. Each returns the value to store or raises Invalid."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from common.clock import validate_zone
from common.texts import is_one_line

from .errors import Invalid


def required_name(field: str, text: str, *, longest: int = 200) -> str:
    """Spaces trimmed and collapsed; 1 to `longest` characters, no control characters."""
    name = " ".join(text.split())
    if not name:
        raise Invalid(field, "This must not be blank.")
    if len(name) > longest:
        raise Invalid(field, f"This may have at most {longest} characters.")
    if not is_one_line(name):
        raise Invalid(field, "This contains characters that cannot be stored.")
    return name


def email_address(field: str, text: str) -> str:
    """In lower case, so that one address is one row."""
    address = text.strip().lower()
    try:
        if len(address) > 254 or not is_one_line(address):
            raise Invalid(field, "Enter a valid e-mail address.")
        validate_email(address)
    except ValidationError:
        raise Invalid(field, "Enter a valid e-mail address.") from None
    return address


def zone_name(field: str, text: str) -> str:
    name = text.strip()
    try:
        validate_zone(name)
    except ValidationError as error:
        raise Invalid(field, error.messages[0]) from None
    return name
