"""Doctors, how they are reached and whose clock they live by."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Doctors"], auth=keyed(Permission.SCHEDULING_READ))
