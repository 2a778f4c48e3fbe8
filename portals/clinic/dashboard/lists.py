"""The addresses behind the dashboard's numbers: the appointment list with its filters set."""

from datetime import date
from urllib.parse import urlencode

from django.urls import reverse

from appointments.status import Status
from portals.visits.filters import CUSTOM, View


def appointments(
    view: View = View.UPCOMING,
    *statuses: Status,
    dates: str = "",
    day: date | None = None,
    doctor: str = "",
) -> str:
    """`dates` is one of the list's presets; `day` a date of its own."""
    pairs = [("tab", "" if view == View.UPCOMING else str(view)), ("doctor", doctor)]
    pairs += [("status", str(status)) for status in statuses]
    pairs.append(("dates", CUSTOM if day else dates))
    if day:
        pairs += [("from", day.isoformat()), ("to", day.isoformat())]
    query = urlencode([(field, value) for field, value in pairs if value])
    address = reverse("clinic:appointments")
    return f"{address}?{query}" if query else address
