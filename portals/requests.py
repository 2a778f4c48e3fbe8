"""What every page behind a sign-in may rely on: who acts for which organisation, in which zone, and when."""

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from organisations.actors import Actor
from organisations.models import Organisation


class PortalRequest(HttpRequest):
    """What a view behind a portal's mark gets. `zone` is the name of the zone every time is shown in."""

    htmx: HtmxDetails
    organisation: Organisation
    actor: Actor
    zone: str
    now: datetime
