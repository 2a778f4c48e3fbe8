"""The dashboard: what needs attention, then today, the next seven days, and the last thirty.

It costs 12 statements beside the frame's, whatever there is; an organisation without a visit yet shows
its set-up list, for less.
"""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.rendering import page

from . import panels
from .attention import items
from .numbers import Tally
from .queries import Moment, outlook, tallies
from .setup import steps_of


@clinic_page(Right.VIEW)
@require_safe
def dashboard(request: ClinicRequest) -> HttpResponse:
    organisation, moment = request.organisation, Moment(request.now, request.zone)
    steps = steps_of(organisation, may_change_settings=request.layout.may_change_settings)
    ahead = outlook(organisation, moment)
    context: dict[str, object] = {"items": items(request, moment, ahead), "steps": steps}
    if not steps:
        counted = tallies(organisation, moment)
        context |= panels.today(organisation, moment, counted.get(moment.today, Tally()))
        context |= panels.next_seven(ahead)
        context |= panels.last_thirty(counted, moment.today)
    return page(request, "portals/clinic/dashboard/dashboard.html", context)
