"""A patient's profile fields: what each known one accepts, and the form it is stored in. No database."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta

from common.clock import zone_names
from common.texts import is_one_line, is_storable

from . import inputs, phones
from .errors import Invalid

LONGEST_TEXT = 500
_OLDEST_YEARS = 130
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# BCP 47 as people use it: language, script, region, variants; extensions are no use to us.
_LANGUAGE = re.compile(
    r"(?P<language>[a-z]{2,3})(-(?P<script>[a-z]{4}))?(-(?P<region>[a-z]{2}|[0-9]{3}))?"
    r"(?P<variants>(-[a-z0-9]{5,8}|-[0-9][a-z0-9]{3})*)",
    re.IGNORECASE | re.ASCII,
)
_LONGEST_LANGUAGE = 20
_LARGEST_EXACT = 2**53  # beyond it other programs' JSON loses digits


class Unusable(Exception):
    """A value that cannot be used; the message is for the partner and does not repeat the value."""


def is_given(value: object) -> bool:
    """null and "" (blanks, too) mean "not given"."""
    return value is not None and not (isinstance(value, str) and not value.strip())


def normalise(field: str, value: object, *, country: str, now: datetime) -> str:
    """The stored form of a known field's value; a date of birth as ISO text. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable("Expected a text.")
    if len(value) > LONGEST_TEXT or not is_storable(value):
        raise Unusable("This is too long or contains characters that cannot be stored.")
    return NORMALISERS[field](value.strip(), country, now)


def normalise_extra(value: object) -> str | int | float | bool:
    """The stored form of a field the organisation asked for: a text, a number, true or false."""
    if isinstance(value, str):
        if len(value) > LONGEST_TEXT or not is_storable(value):
            raise Unusable("This is too long or contains characters that cannot be stored.")
        return value.strip()
    if isinstance(value, int | float) and abs(value) <= _LARGEST_EXACT:  # NaN is not
        return value
    raise Unusable("Expected a text, a number, true or false.")


def _name(text: str, country: str, now: datetime) -> str:
    name = " ".join(text.split())
    if len(name) > 200 or not is_one_line(name):
        raise Unusable("Expected a name of at most 200 characters.")
    return name


def _email(text: str, country: str, now: datetime) -> str:
    try:
        return inputs.email_address("email", text)
    except Invalid:
        raise Unusable("This is not an e-mail address.") from None


def _phone(text: str, country: str, now: datetime) -> str:
    try:
        return phones.to_e164(text, country)
    except ValueError as error:
        raise Unusable(str(error)) from None


def _date_of_birth(text: str, country: str, now: datetime) -> str:
    try:
        born = date.fromisoformat(text) if _ISO_DATE.fullmatch(text) else None
    except ValueError:
        born = None
    if born is None:
        raise Unusable("Expected a date as YYYY-MM-DD.")
    tomorrow = (now + timedelta(days=1)).date()  # east of UTC it may already be tomorrow
    if born > tomorrow or born.year < now.year - _OLDEST_YEARS:
        raise Unusable(f"Expected a date in the past, at most {_OLDEST_YEARS} years ago.")
    return born.isoformat()


def _timezone(text: str, country: str, now: datetime) -> str:
    if text not in zone_names():
        raise Unusable("Expected an IANA time zone such as Europe/Berlin.")
    return text


def _language(text: str, country: str, now: datetime) -> str:
    """In the case BCP 47 recommends; `de_AT`, as many systems write it, is read as `de-AT`."""
    tag = _LANGUAGE.fullmatch(text.replace("_", "-"))
    if tag is None or len(text) > _LONGEST_LANGUAGE:
        raise Unusable("Expected a BCP 47 language tag such as en or de-AT.")
    script, region = (tag["script"] or "").title(), (tag["region"] or "").upper()
    parts = [tag["language"].lower(), script, region, tag["variants"].lower().strip("-")]
    return "-".join(part for part in parts if part)


NORMALISERS: dict[str, Callable[[str, str, datetime], str]] = {
    "first_name": _name,
    "last_name": _name,
    "email": _email,
    "phone": _phone,
    "date_of_birth": _date_of_birth,
    "timezone": _timezone,
    "language": _language,
}
