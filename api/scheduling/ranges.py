"""The range of a slot list, and its answer."""

from django.http import HttpResponse

from api.errors import bad_input
from api.rendering import json_answer
from appointments.openings import Openings

from .schemas import RangeQuery

# 31 days, and the two hours a month with a clock change may have more.
LONGEST_RANGE_SECONDS = 31 * 86_400 + 2 * 3600


def checked_range(query: RangeQuery) -> tuple[int, int]:
    """(from, to) of slots in epoch seconds; raises the 400 for an empty or too long range."""
    if query.to <= query.from_:
        raise bad_input({"to": ["This must be after from."]})
    if query.to - query.from_ > LONGEST_RANGE_SECONDS:
        raise bad_input({"to": ["This must be at most 31 days and 2 hours after from."]})
    return query.from_, query.to


def slots_answer(opened: Openings) -> HttpResponse:
    return json_answer({"data": opened.slots, "next_available_at": opened.next_available_at})
