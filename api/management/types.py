"""Appointment types and their rules."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Appointment types"], auth=keyed(Permission.SCHEDULING_READ))
