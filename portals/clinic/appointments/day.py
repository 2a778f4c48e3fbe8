"""One day: a column per doctor, drawn on the server."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.dates import EARLIEST, LATEST, read_date, today
from portals.rendering import page
from portals.toasts import toast
from portals.visits.filters import CUSTOM, View

from .day_columns import Day, day_of


@clinic_page(Right.VIEW)
@require_safe
def day(request: ClinicRequest) -> HttpResponse:
    """The day `?date=` names, else today; on a phone the column of `?doctor=`, else the first."""
    now, zone = request.now, request.zone
    given = request.GET.get("date", "")
    shown = read_date(given) if given else today(now, zone)
    if shown is None:
        toast(request, "That is no date that can be shown. This is today.", tone="warn")
        shown = today(now, zone)
    of_day = day_of(request.organisation, shown, zone=zone, now=now)
    context = {
        "shown": shown,
        "is_today": shown == today(now, zone),
        "day": of_day,
        "chosen": chosen_uid(of_day, request.GET.get("doctor", "")),
        "previous_url": day_url(max(shown - timedelta(days=1), EARLIEST)),
        "next_url": day_url(min(shown + timedelta(days=1), LATEST)),
        "cancel_query": cancel_query(shown),
    }
    return page(request, "portals/clinic/appointments/day.html", context)


def chosen_uid(of_day: Day, asked: str) -> str:
    """The doctor a phone shows: the one asked for, else the first who is there."""
    uids = [column.doctor.uid for column in of_day.columns]
    return asked if asked in uids else next(iter(uids), "")


def day_url(shown: date) -> str:
    return f"{reverse('clinic:day')}?date={shown.isoformat()}"


def cancel_query(shown: date) -> str:
    """The list of that day's visits that are not over, all of them chosen; a doctor is added to it."""
    that_day = {"dates": CUSTOM, "from": shown.isoformat(), "to": shown.isoformat()}
    return urlencode({"all": "1", "tab": View.UPCOMING, **that_day})
