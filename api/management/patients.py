"""Patients, found or created, handed over as data, erased."""

from ninja import Router

from organisations.models import Permission

from .acting import keyed

router = Router(tags=["Patients"], auth=keyed(Permission.PATIENT_READ))
