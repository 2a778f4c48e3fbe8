"""Pages by key: no row is missing or shown twice while rows come and go, and page 1,000 costs what page 1 does.

    visits = paginate(request, Appointment.objects.of(…), key=("starts_at", "uid"))
    {% for visit in visits.rows %} … {% pager visits target="#rows" %}

The cursor in `?page=` is the key of the row at the page's edge. It is opaque, holds no patient data (so
never page by a name), and nonsense in it leads to the first page with a message.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

from .chips import query_with
from .toasts import toast

Row = TypeVar("Row", bound=Model)
Key = tuple[str, str]

FIELD = "page"
SIZE = 50
_LONGEST_CURSOR = 400


@dataclass(frozen=True)
class Page(Generic[Row]):
    """`previous_url` and `next_url` are "" where there is no such page."""

    rows: list[Row]
    previous_url: str
    next_url: str
    previous_label: str = "Previous"
    next_label: str = "Next"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The rows beyond (`first`, `second`): after it in the list's order, or before it."""

    is_backwards: bool
    first: datetime | str
    second: str

    def __str__(self) -> str:
        first = self.first.isoformat() if isinstance(self.first, datetime) else self.first
        text = json.dumps([int(self.is_backwards), first, self.second], separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, *, is_time: bool) -> Cursor | None:
    """The cursor that `str` wrote, else None: from the outside anything may come."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        backwards, first, second = json.loads(raw)
    except (ValueError, binascii.Error, TypeError, RecursionError):
        return None
    are_texts = isinstance(first, str) and isinstance(second, str)
    if not are_texts or type(backwards) is not int or backwards not in (0, 1):
        return None
    if "\0" in first + second or len(text) > _LONGEST_CURSOR:
        return None
    return _with_key(bool(backwards), first, second, is_time=is_time)


def _with_key(is_backwards: bool, first: str, second: str, *, is_time: bool) -> Cursor | None:
    if not is_time:
        return Cursor(is_backwards, first, second)
    try:
        instant = parse_datetime(first)
    except ValueError:
        return None
    return Cursor(is_backwards, instant, second) if instant and instant.tzinfo else None


def paginate(
    request: HttpRequest,
    rows: QuerySet[Row],
    *,
    key: Key,
    descending: bool = False,
    size: int = SIZE,
    is_time: bool = True,
    labels: tuple[str, str] = ("Previous", "Next"),
) -> Page[Row]:
    """One page in one query. `key` is (an instant or a text that is never NULL, a unique text).

    `labels` name the ways, e.g. ("Later", "Earlier") for the newest first. A page that has emptied
    meanwhile, or fallen short of its beginning, is the first page instead, for one more query.
    """
    given = request.GET.get(FIELD, "")
    cursor = read_cursor(given, is_time=is_time) if given else None
    if given and cursor is None:
        toast(request, "That page is not known. This is the first one.", tone="warn")
    found = _fetch(rows, key, cursor, descending=descending, size=size)
    if cursor and (len(found) < size + 1 if cursor.is_backwards else not found):
        cursor = None
        found = _fetch(rows, key, None, descending=descending, size=size)
    return _page(request, found, key, cursor, size, labels)


def _fetch(
    rows: QuerySet[Row], key: Key, cursor: Cursor | None, *, descending: bool, size: int
) -> list[Row]:
    """Up to size + 1 rows, nearest to the cursor first: the one too many says that there is more."""
    is_falling = descending ^ (cursor is not None and cursor.is_backwards)
    if cursor:
        rows = rows.filter(_beyond(key, cursor, is_falling=is_falling))
    order = [f"-{name}" if is_falling else name for name in key]
    return list(rows.order_by(*order)[: size + 1])


def _beyond(key: Key, cursor: Cursor, *, is_falling: bool) -> Q:
    """The first condition alone bounds the index range; the rest decides among equals."""
    sign = "lt" if is_falling else "gt"
    first, second = key
    bounds: Mapping[str, Any] = {f"{first}__{sign}e": cursor.first}
    return Q(**bounds) & (
        Q(**{f"{first}__{sign}": cursor.first}) | Q(**{f"{second}__{sign}": cursor.second})
    )


def _page(
    request: HttpRequest,
    found: list[Row],
    key: Key,
    cursor: Cursor | None,
    size: int,
    labels: tuple[str, str],
) -> Page[Row]:
    shown = found[:size]
    is_backwards = cursor is not None and cursor.is_backwards
    has_more = len(found) > size
    if is_backwards:
        shown.reverse()
    has_previous = has_more if is_backwards else cursor is not None
    has_next = is_backwards or has_more

    def link(is_there: bool, *, backwards: bool) -> str:
        if not (is_there and shown):
            return ""
        edge = shown[0] if backwards else shown[-1]
        values = (getattr(edge, key[0]), str(getattr(edge, key[1])))
        return query_with(request, **{FIELD: str(Cursor(backwards, *values))})

    return Page(
        shown,
        link(has_previous, backwards=True),
        link(has_next, backwards=False),
        labels[0],
        labels[1],
    )
