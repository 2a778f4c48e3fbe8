"""Booking secrets: made, revealed, revoked."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Booking secrets"], auth=keyed(Permission.SCHEDULING_READ))
