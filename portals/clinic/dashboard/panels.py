"""The dashboard's panels as their template draws them: figures, the lists they open, points of charts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from appointments.status import Status
from organisations.models import Organisation
from portals.charts import Point
from portals.visits.filters import View
from portals.visits.rows import lines

from . import lists
from .numbers import Share, Tally, between, utilisation, weeks_until
from .queries import Moment, Outlook, left_today

MONTH = 30
_PLANNED = (Status.HELD, Status.CONFIRMED, Status.COMPLETED, Status.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Number:
    """One figure and the list behind it. `note` says what it is of."""

    label: str
    text: str
    url: str
    note: str = ""


def today(organisation: Organisation, moment: Moment, tally: Tally) -> dict[str, object]:
    """The figures of the date, and the visits that are still on."""

    def number(label: str, count: int, *statuses: Status) -> Number:
        url = lists.appointments(View.ALL, *statuses, dates="today")
        return Number(label, f"{count:,}", url)

    left = lines(
        left_today(organisation, moment), portal="clinic", now=moment.now, zone=moment.zone
    )
    return {
        "today": [
            number("Visits today", tally.planned, *_PLANNED),
            number("Held", tally.held, Status.HELD),
            number("Confirmed", tally.confirmed, Status.CONFIRMED),
            number("Completed", tally.completed, Status.COMPLETED),
            number("No-show", tally.no_show, Status.NO_SHOW),
        ],
        "left_today": left,
        "today_url": lists.appointments(View.ALL, dates="today"),
    }


def next_seven(ahead: Outlook) -> dict[str, object]:
    share = utilisation(ahead.days)
    total = sum(day.visits for day in ahead.days)
    hours = f"{share.part / 60:,.0f} of {share.whole / 60:,.0f} open hours are booked"
    url = lists.appointments(dates="next-7-days")
    return {
        "next_seven": [
            Number("Visits", f"{total:,}", url, "still ahead, today included"),
            Number("Utilisation", share.text, url, hours if share.whole else "no open hours"),
        ],
        "days": [(day, lists.appointments(day=day.date)) for day in ahead.days],
    }


def last_thirty(counted: Mapping[date, Tally], day: date) -> dict[str, object]:
    """The rates of the last MONTH days, and how they went by week."""
    weeks = weeks_until(counted, day)
    return {
        "last_thirty": _rates(between(counted, day - timedelta(days=MONTH - 1), day)),
        "no_show_weeks": [_rate(f"{first:%-d %b}", tally.no_shows) for first, tally in weeks],
        "cancelled_weeks": [
            _rate(f"{first:%-d %b}", tally.cancellations) for first, tally in weeks
        ],
    }


def _rates(tally: Tally) -> list[Number]:
    month = "last-30-days"
    return [
        Number(
            "Took place",
            f"{tally.completed:,}",
            lists.appointments(View.PAST, Status.COMPLETED, dates=month),
        ),
        Number(
            "No-show rate",
            tally.no_shows.text,
            lists.appointments(View.PAST, Status.NO_SHOW, dates=month),
            _of(tally.no_shows),
        ),
        Number(
            "Cancellation rate",
            tally.cancellations.text,
            lists.appointments(View.CANCELLED, dates=month),
            f"{_of(tally.cancellations)}, moved ones left out",
        ),
        Number(
            "Holds that expired",
            f"{tally.expired:,}",
            lists.appointments(View.ALL, Status.EXPIRED, dates=month),
            "times somebody held and let go",
        ),
    ]


def _of(share: Share) -> str:
    return f"{share.part:,} of {share.whole:,}"


def _rate(label: str, share: Share) -> Point:
    return Point(label, share.percent, share.text)
