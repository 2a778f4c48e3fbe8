"""The doctor's visits as a list: tabs, filters by status and dates kept in the URL, pages by key."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portals.doctor.access import DoctorRequest, doctor_page
from portals.doctor.visits import PORTAL, own_visits
from portals.keyset import paginate
from portals.rendering import page
from portals.visits.filters import Choices, View, read_own
from portals.visits.queries import rows_of, tabs_of
from portals.visits.rows import lines

KEY = ("starts_at", "uid")


@doctor_page
@require_safe
def appointments(request: DoctorRequest) -> HttpResponse:
    """The list, whatever its URL says: nonsense in it falls back with a message."""
    now, zone = request.now, request.zone
    filters = read_own(request.GET, now=now, zone=zone)
    is_falling = filters.view.is_newest_first
    visits = paginate(
        request,
        rows_of(filters, own_visits(request), now=now, zone=zone),
        key=KEY,
        descending=is_falling,
        labels=("Later", "Earlier") if is_falling else ("Earlier", "Later"),
    )
    tabs = tabs_of(filters, own_visits(request), now=now, zone=zone)
    context = {
        "filters": filters,
        "choices": Choices((), ()),
        "tabs": list(tabs.values()),
        "is_new": not tabs[View.ALL].count,
        "rows": lines(visits.rows, portal=PORTAL, now=now, zone=zone),
        "visits": visits,
        "in_all_url": filters.query_of(View.ALL),
    }
    return page(request, "portals/doctor/appointments/list.html", context, part="list")
