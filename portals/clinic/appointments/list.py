"""The appointment list: tabs, one filter row kept in the URL, pages by key, and the rows to act on."""

from urllib.parse import urlencode

from django.http import HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portals.chips import Tab
from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.keyset import paginate
from portals.rendering import page
from portals.visits.filters import Filters, View, appointments_of, filters_of
from portals.visits.queries import rows_of, tabs_of
from portals.visits.rows import lines

MOST_AT_ONCE = 200
KEY = ("starts_at", "uid")
_CAN_ALL_BE_CANCELLED = (View.UPCOMING, View.HELD)


@clinic_page(Right.VIEW)
@require_safe
def appointments(request: ClinicRequest) -> HttpResponse:
    """The list, whatever its URL says: nonsense in it falls back with a message."""
    now, zone = request.now, request.zone
    filters, choices = filters_of(request, request.organisation, now=now, zone=zone)
    is_falling = filters.view.is_newest_first
    every = appointments_of(request.organisation)
    visits = paginate(
        request,
        rows_of(filters, every, now=now, zone=zone),
        key=KEY,
        descending=is_falling,
        labels=("Later", "Earlier") if is_falling else ("Earlier", "Later"),
    )
    tabs = tabs_of(filters, every, now=now, zone=zone)
    context = {
        "filters": filters,
        "tabs": list(tabs.values()),
        "choices": choices,
        "rows": lines(visits.rows, portal="clinic", now=now, zone=zone),
        "visits": visits,
        "all_of_filter": all_at_once(filters, tabs[filters.view]),
        "is_new": not tabs[View.ALL].count,
        "set_up_url": reverse("clinic:dashboard"),
        "in_all_url": filters.query_of(View.ALL),
        "export_url": reverse("clinic:appointments-export") + filters.query,
    }
    return page(request, "portals/clinic/appointments/list.html", context, part="list")


def all_at_once(filters: Filters, tab: Tab) -> dict[str, object] | None:
    """The way to cancel all of this filter; without a URL where they are too many for one act."""
    if filters.view not in _CAN_ALL_BE_CANCELLED or not tab.count:
        return None
    query = urlencode([("all", "1"), *filters.pairs])
    fits = tab.count <= MOST_AT_ONCE and not tab.is_more
    return {
        "count": tab.count,
        "url": f"{reverse('clinic:appointments-cancel')}?{query}" if fits else "",
        "most": MOST_AT_ONCE,
    }
