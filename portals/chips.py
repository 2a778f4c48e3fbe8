"""Chips: which filters are on, each with the link that takes it off; and links that change the query."""

from dataclasses import dataclass

from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Chip:
    label: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Tab:
    """`count` None draws none; `is_more` means the count stopped there: `1,000+`."""

    label: str
    url: str
    is_current: bool = False
    count: int | None = None
    is_more: bool = False


def chip(request: HttpRequest, label: str, field: str, value: str = "") -> Chip:
    """The filter `field` as a chip; with `value` only that one of several. Page one follows."""
    query = request.GET.copy()
    left = [other for other in query.getlist(field) if value and other != value]
    query.setlist(field, left)
    query.pop("page", None)
    return Chip(label, f"?{query.urlencode()}")


def query_with(request: HttpRequest, **changes: str | None) -> str:
    """`?…` of this request with `changes`; None takes a field off."""
    query = request.GET.copy()
    for field, value in changes.items():
        query.pop(field, None)
        if value is not None:
            query[field] = value
    return f"?{query.urlencode()}"
