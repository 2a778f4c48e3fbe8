"""The reminder rules of an appointment type."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Reminders"], auth=keyed(Permission.SCHEDULING_READ))
