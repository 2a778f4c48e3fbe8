"""When a doctor works: weekly rules, dates with hours of their own, time off."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Availability"], auth=keyed(Permission.SCHEDULING_READ))
