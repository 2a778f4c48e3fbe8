"""Appointments of the clinic, read and moved as its admins do."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Appointments"], auth=keyed(Permission.SCHEDULING_READ))
